using System;
using System.Threading;
using Overlay.Lab;

namespace Overlay.Netns.Tests.Support;

/// <summary>One pod asks another every 10 ms, until it is stopped, and counts the answers that do not come.</summary>
internal sealed class SteadyPing : IDisposable
{
    private static readonly TimeSpan s_interval = TimeSpan.FromMilliseconds(10);

    // A busy machine answers late.
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    private readonly Thread _asking;
    private bool _enough;
    private int _sent;
    private int _lost;

    /// <summary>Begins.</summary>
    /// <param name="lab">With both pods attached.</param>
    /// <param name="from">The host whose pod asks, from 1.</param>
    /// <param name="to">The host whose pod answers.</param>
    /// <param name="patience">An answer that comes later is lost; null for half a minute, which only a test that allows
    /// for one that is lost can wish to be shorter.</param>
    internal SteadyPing(TestLab lab, int from, int to, TimeSpan? patience = null)
    {
        _asking = new Thread(() =>
        {
            using var pinger = new Pinger(lab.Host(from).PodNamespace);
            while (!Volatile.Read(ref _enough))
            {
                bool isAnswered = pinger.Ping(lab.Pod(to), (ushort)(_sent + 1), patience ?? s_patience) is not null;
                _lost += isAnswered ? 0 : 1;
                Volatile.Write(ref _sent, _sent + 1);
                Condition.Pause(s_interval, CancellationToken.None);
            }
        });
        _asking.Start();
    }

    /// <summary>Questions asked so far, their answers waited for.</summary>
    internal int Sent => Volatile.Read(ref _sent);

    /// <summary>Ends it.</summary>
    /// <returns>How many were asked, and how many of them stayed without an answer.</returns>
    internal (int Sent, int Lost) Stop()
    {
        Dispose();
        return (_sent, _lost);
    }

    public void Dispose()
    {
        Volatile.Write(ref _enough, true);
        _asking.Join();
    }
}
