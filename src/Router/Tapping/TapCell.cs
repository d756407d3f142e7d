using System.Threading;

namespace Overlay.Router.Tapping;

/// <summary>Holds the capture in force, if there is one. Workers look once a batch, as for the route table.</summary>
public sealed class TapCell
{
    private PacketTap? _current;

    /// <summary>The capture in force; null for none.</summary>
    public PacketTap? Current => Volatile.Read(ref _current);

    /// <summary>Puts a capture in force.</summary>
    /// <returns>False while there is another.</returns>
    public bool TryInstall(PacketTap tap) => Interlocked.CompareExchange(ref _current, tap, null) is null;

    /// <summary>Ends a capture: its workers give it nothing more from their next batch on.</summary>
    public void Remove(PacketTap tap) => _ = Interlocked.CompareExchange(ref _current, null, tap);
}
