using System;
using System.IO;
using System.Threading;
using System.Threading.Tasks;
using Grpc.Core;

namespace Overlay.Lease.Etcd.Client;

/// <summary>One question and one answer at one endpoint.</summary>
internal static class UnaryCall
{
    /// <summary>Calls with a deadline; what goes wrong is an <see cref="EtcdException"/>.</summary>
    /// <param name="connection">Where.</param>
    /// <param name="call">What.</param>
    /// <param name="send">Makes the call and waits for its answer.</param>
    /// <param name="token">Who we are; null for nobody.</param>
    /// <param name="timeout">For everything, connecting included.</param>
    /// <param name="cancellation">The caller's.</param>
    /// <exception cref="EtcdException">It failed.</exception>
    internal static async Task<T> RunAsync<T>(
        EtcdConnection connection,
        EtcdCall call,
        Func<EtcdConnection, CallOptions, Task<T>> send,
        string? token,
        TimeSpan timeout,
        CancellationToken cancellation)
    {
        // Two of them: the one in the options is for the member, and by the clock on the wall, which may be set back.
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        deadline.CancelAfter(timeout);
        CallOptions options = call.Options(token, deadline.Token)
            .WithDeadline(TimeProvider.System.GetUtcNow().UtcDateTime + timeout);
        try
        {
            return await send(connection, options);
        }
        catch (Exception problem) when (EtcdFailures.IsExternal(problem))
        {
            cancellation.ThrowIfCancellationRequested();
            bool isOver = deadline.IsCancellationRequested || EtcdFailures.IsOwnDeadline(problem);
            throw EtcdFailures.Of(problem, connection, call, isOver ? timeout : null);
        }
    }

    /// <summary>Asks once on a stream that could take more questions, and takes one answer.</summary>
    internal static async Task<TAnswer> AskOnceAsync<TQuestion, TAnswer>(
        AsyncDuplexStreamingCall<TQuestion, TAnswer> call, TQuestion question)
    {
        using (call)
        {
            await WriteAsync(call.RequestStream, question);
            await call.RequestStream.CompleteAsync();
            if (!await call.ResponseStream.MoveNext(CancellationToken.None))
            {
                throw new InvalidDataException("no answer, and no reason");
            }

            TAnswer answer = call.ResponseStream.Current;
            return await call.ResponseStream.MoveNext(CancellationToken.None)
                ? throw new InvalidDataException("more than one answer")
                : answer;
        }
    }

    /// <summary>Writes the first message of a stream, whose answer is read next.</summary>
    internal static async Task WriteAsync<TQuestion>(IClientStreamWriter<TQuestion> stream, TQuestion question)
    {
        try
        {
            await stream.WriteAsync(question);
        }
        catch (Exception problem) when (EtcdFailures.IsExternal(problem))
        {
            // Who reads the answer gets the reason, which may be the member's own words where this is a broken stream.
        }
    }
}
