using System.Threading.Tasks;

namespace Overlay.Daemon.Start;

/// <summary>
/// Asks a running daemon to make way for another in the same process, because something has changed that a start goes
/// by. Any thread may ask; the first reason counts.
/// </summary>
internal sealed class RestartRequest
{
    private readonly TaskCompletionSource<string> _asked = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes with the reason.</summary>
    internal Task<string> Asked => _asked.Task;

    /// <summary>Asks.</summary>
    /// <param name="reason">For the log, as a clause: <c>the address of eth0 is another one</c>.</param>
    internal void Ask(string reason) => _asked.TrySetResult(reason);
}
