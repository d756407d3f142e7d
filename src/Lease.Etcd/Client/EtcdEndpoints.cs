using System;
using System.Linq;
using System.Threading;

namespace Overlay.Lease.Etcd.Client;

/// <summary>
/// The members of the cluster, and which one is asked: the first, until it fails; then the next, until that fails.
/// </summary>
internal sealed class EtcdEndpoints : IDisposable
{
    // No gRPC library asks for more by default: theirs is 5 minutes, and pings are sent in silence alone, which there
    // is none of with an endpoint that is asked for its status instead.
    private static readonly TimeSpan s_longestPingInterval = TimeSpan.FromHours(1);

    private readonly EtcdOptions _options;
    private readonly EtcdConnection[] _connections;
    private readonly Lock _replacing = new();

    private int _preferred;
    private bool _isDisposed;

    /// <exception cref="EtcdException">A certificate file cannot be read or used.</exception>
    internal EtcdEndpoints(EtcdOptions options)
    {
        _options = options;
        _connections = new EtcdConnection[options.Endpoints.Count];
        try
        {
            for (int i = 0; i < _connections.Length; i++)
            {
                _connections[i] = new EtcdConnection(options.Endpoints[i], options);
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    internal int Count => _connections.Length;

    /// <summary>Whom to ask first: position in the list.</summary>
    internal int Preferred => Volatile.Read(ref _preferred);

    /// <summary>The connection to the endpoint at a position; to be left afterwards.</summary>
    internal EtcdConnection Enter(int position)
    {
        lock (_replacing)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            _connections[position].Enter();
            return _connections[position];
        }
    }

    /// <summary>The position of an endpoint; -1 when it is none of ours.</summary>
    internal int Find(Uri endpoint) => Array.FindIndex(_connections, connection => connection.Endpoint == endpoint);

    /// <summary>An endpoint failed: who asks next begins with the one after it.</summary>
    /// <returns>The position after it.</returns>
    internal int PassBy(int position)
    {
        int next = (position + 1) % _connections.Length;
        _ = Interlocked.CompareExchange(ref _preferred, next, position);
        return next;
    }

    /// <summary>
    /// No answer came, or certificates did not fit: the next call gets a connection of its own, and reads the
    /// certificate files again, which may have been renewed. One connection is given up once, however many calls failed
    /// on it.
    /// </summary>
    internal void GiveUp(EtcdConnection suspect) => Replace(suspect, suspect.PingInterval);

    /// <summary>
    /// An endpoint may take the pings of a connection for too many: those of the next one are twice as far apart (gRFC
    /// A8). The distance is the endpoint's for as long as the client lives.
    /// </summary>
    /// <returns>False when the connection had been given up before.</returns>
    internal bool PingLessOften(EtcdConnection pinged) => Replace(
        pinged, pinged.PingInterval < s_longestPingInterval ? pinged.PingInterval * 2 : pinged.PingInterval);

    public void Dispose()
    {
        lock (_replacing)
        {
            _isDisposed = true;
        }

        foreach (EtcdConnection connection in _connections.OfType<EtcdConnection>())
        {
            connection.Dispose();
        }
    }

    private bool Replace(EtcdConnection old, TimeSpan pingInterval)
    {
        lock (_replacing)
        {
            int position = Array.IndexOf(_connections, old);
            if (position < 0 || _isDisposed)
            {
                return false;
            }

            try
            {
                _connections[position] = new EtcdConnection(old.Endpoint, _options, pingInterval);
            }
            catch (EtcdException)
            {
                // A file is being replaced just now. What was read before is still the best we have.
                return false;
            }
        }

        old.Retire();
        return true;
    }
}
