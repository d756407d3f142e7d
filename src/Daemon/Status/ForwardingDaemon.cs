using System;
using System.Threading;

namespace Overlay.Daemon.Status;

/// <summary>
/// The daemon of this process that forwards, for those who ask from outside: none during a start, and between two.
/// </summary>
internal sealed class ForwardingDaemon
{
    private readonly Lock _asking = new();
    private DaemonAnswers? _answers;

    /// <summary>Whether one forwards.</summary>
    internal bool IsThere => Volatile.Read(ref _answers) is not null;

    /// <summary>One forwards from now on, until <see cref="Close"/>.</summary>
    internal void Open(DaemonAnswers answers)
    {
        lock (_asking)
        {
            _answers = answers;
        }
    }

    /// <summary>
    /// None forwards any longer. When this returns nobody is asking it, so what it answers from may be closed.
    /// </summary>
    internal void Close()
    {
        lock (_asking)
        {
            _answers = null;
        }
    }

    /// <summary>Asks it; one asks at a time.</summary>
    /// <returns>Null where none forwards.</returns>
    internal T? Ask<T>(Func<DaemonAnswers, T?> question)
        where T : class
    {
        lock (_asking)
        {
            return _answers is null ? null : question(_answers);
        }
    }

    /// <summary>As <see cref="Ask{T}"/>, for who must not wait: the answer to somebody else may take long.</summary>
    /// <returns>Null also while somebody else asks.</returns>
    internal string? TryAsk(Func<DaemonAnswers, string> question)
    {
        if (!_asking.TryEnter())
        {
            return null;
        }

        try
        {
            return _answers is null ? null : question(_answers);
        }
        finally
        {
            _asking.Exit();
        }
    }
}
