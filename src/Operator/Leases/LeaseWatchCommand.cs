using System;
using System.Collections.Generic;
using System.CommandLine;
using System.IO;
using System.Threading;
using Overlay.Lease;
using Overlay.Linux;
using Overlay.Operator.Stores;
using Overlay.Terminal;

namespace Overlay.Operator.Leases;

/// <summary>
/// <c>overlay lease watch</c>: a line for each change, until a signal or until nobody reads it any more.
/// </summary>
internal static class LeaseWatchCommand
{
    private static readonly TimeSpan s_readerCheck = TimeSpan.FromSeconds(1);

    internal static Command Create(LeaseStoreOptions store)
    {
        var json = new Option<bool>("--json") { Description = "print one JSON object a line" };
        var command = new Command(
            "watch", "Print a line for each change until a signal; ends with exit code 0.") { json };
        store.RequireFor(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            using StopRequest signals = new();
            using var stopping = CancellationTokenSource.CreateLinkedTokenSource(signals.Token, cancellation);
            WatchWriter writer = new(parsed.InvocationConfiguration.Output, parsed.GetValue(json), stopping);
            try
            {
                await using ILeaseStore watched = LeaseStoreFactory.Open(
                    store.Read(parsed), TimeProvider.System, warning => writer.Write([LeaseEvent.OfWarning(warning)]));
                NetworkConfig config = await watched.ReadConfigAsync(stopping.Token).WaitAsync(stopping.Token);
                await using Timer reader = new(_ => writer.EndIfUnread(), null, s_readerCheck, s_readerCheck);
                LeaseEvents events = new();
                await foreach (LeaseUpdate update in watched.WatchAsync(config, stopping.Token))
                {
                    writer.Write(events.Apply(update));
                }
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                // Asked to end: that is how a watch ends.
            }
            catch (LeaseStoreException problem)
            {
                throw new OperatorException(problem.Message, problem);
            }

            return ExitCode.Success;
        });
        return command;
    }

    /// <summary>Whole lines from several threads, until the reader has gone.</summary>
    private sealed class WatchWriter(TextWriter output, bool json, CancellationTokenSource stopping)
    {
        private readonly Lock _gate = new();

        // The console passes over a broken pipe in silence, so the pipe itself has to be asked.
        private readonly bool _isConsole = ReferenceEquals(output, Console.Out);

        internal void Write(IReadOnlyList<LeaseEvent> events)
        {
            DateTimeOffset now = TimeProvider.System.GetUtcNow();
            lock (_gate)
            {
                foreach (LeaseEvent each in events)
                {
                    output.WriteLine(json ? each.ToJson(now) : each.ToLine(now));
                }

                output.Flush();
            }

            EndIfUnread();
        }

        internal void EndIfUnread()
        {
            if (_isConsole && StandardOutput.IsBroken())
            {
                stopping.Cancel();
            }
        }
    }
}
