using System;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using Overlay.Capture.Files;
using Overlay.Capture.Packets;
using Overlay.Control;
using Overlay.Router.Tapping;
using Overlay.Terminal;

namespace Overlay.Diagnosis.Dump;

/// <summary>One capture from the daemon's first word to the last.</summary>
/// <param name="request">What is asked for.</param>
/// <param name="output">Takes it.</param>
/// <param name="say">Gets a line for people when it has begun.</param>
internal sealed class DumpRun(DumpRequest request, IDumpOutput output, Action<string> say)
{
    private static readonly TimeSpan s_endWithin = TimeSpan.FromSeconds(3);

    private readonly CapturePieces _pieces = new();
    private CaptureSummary? _summary;
    private long _shown;
    private long _unwanted;

    /// <summary>What it has come to, in one line.</summary>
    /// <remarks>Where nobody reads on, the latest sum of the daemon is older than what was shown.</remarks>
    internal string Summary => _summary is not { } all
        ? "nothing was captured"
        : $"{_shown} shown, {Math.Max(_shown, all.Matched - _unwanted)} wanted, {all.Lost} over the budget, "
            + $"{all.LostByKernel} lost by the kernel";

    private bool IsEnough => request.Shown.Count is { } count && _shown >= count;

    /// <summary>Captures until enough is shown, the time is over, the daemon ends, or nobody reads on.</summary>
    /// <param name="cancellation">Ends it.</param>
    internal async Task RunAsync(CancellationToken cancellation)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        ending.CancelAfter(request.Longest);
        using var abandon = new CancellationTokenSource();
        Task asked = Task.CompletedTask;
        CancellationTokenRegistration end = ending.Token.Register(() => asked = EndAsync(abandon));
        try
        {
            await foreach (ReadOnlyMemory<byte> part in ControlClient.StreamAsync(
                request.RunDirectory, ControlCommands.Capture, abandon.Token, request.Capture.ToJson()))
            {
                _pieces.Take(part, Take);
                if (!output.Flush())
                {
                    break;
                }

                if (IsEnough && !ending.IsCancellationRequested)
                {
                    await ending.CancelAsync();
                }
            }
        }
        catch (OperationCanceledException) when (abandon.IsCancellationRequested)
        {
            // The daemon has not ended it in time.
        }
        catch (OperatorException)
        {
            if (_summary is { } last)
            {
                output.End(last); // it is gone, and what it has said until then stays true
            }

            throw;
        }

        await end.DisposeAsync();
        await asked;
        if (_summary is { } summary)
        {
            output.End(summary);
        }
    }

    // Asks for the rest and the last summary; a daemon that does not give them soon is left.
    private async Task EndAsync(CancellationTokenSource abandon)
    {
        abandon.CancelAfter(s_endWithin);
        try
        {
            _ = await ControlClient.AskAsync(
                request.RunDirectory, ControlCommands.EndCapture, CancellationToken.None);
        }
        catch (OperatorException)
        {
            await abandon.CancelAsync(); // it is gone, and so is the rest
        }
    }

    private void Take(CapturePartKind kind, ReadOnlyMemory<byte> piece)
    {
        switch (kind)
        {
            case CapturePartKind.Summary:
                bool isFirst = _summary is null;
                _summary = CaptureSummary.Parse(Encoding.UTF8.GetString(piece.Span));
                if (isFirst)
                {
                    output.Begin(_summary);
                    say($"capturing packets of {_summary.Interface}, {_summary.Endpoint}; Ctrl-C ends it");
                }

                break;
            case CapturePartKind.Packets:
                while (TapRecord.TryTake(ref piece, out TapRecord record, out ReadOnlyMemory<byte> packet))
                {
                    Show(() => output.Take(record, packet));
                }

                break;
            case CapturePartKind.Frame:
                var head = CapturedFrame.Read(piece, out ReadOnlyMemory<byte> frame);
                Show(() => output.Take(new CapturedPacket(frame, head.WireLength, 0, head.Nanoseconds)
                {
                    Direction = head.IsOutgoing ? CaptureDirection.Outbound : CaptureDirection.Inbound,
                }));
                break;
        }
    }

    // What comes after enough is not wanted any more.
    private void Show(Action show)
    {
        if (IsEnough)
        {
            _unwanted++;
            return;
        }

        show();
        _shown++;
    }
}
