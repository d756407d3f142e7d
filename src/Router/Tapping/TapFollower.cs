using System;

namespace Overlay.Router.Tapping;

/// <summary>What a worker knows of the capture in force: it looks with each batch.</summary>
/// <remarks>Owned by the worker's thread.</remarks>
/// <param name="cell">Holds the capture.</param>
internal sealed class TapFollower(TapCell cell)
{
    private PacketTap? _tap;

    /// <summary>Where the worker's packets go; null when nobody captures.</summary>
    internal TapWriter? Writer { get; private set; }

    /// <summary>Begins a batch.</summary>
    internal void Begin()
    {
        PacketTap? now = cell.Current;
        if (now != _tap)
        {
            (_tap, Writer) = (now, now?.Join());
        }

        Writer?.Begin(Environment.TickCount64);
    }

    /// <summary>Ends a batch.</summary>
    internal void Flush() => Writer?.Flush();
}
