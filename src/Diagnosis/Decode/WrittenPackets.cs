using System.Collections.Generic;
using System.IO;
using Overlay.Capture.Files;
using Overlay.Capture.Packets;
using Overlay.Linux;

namespace Overlay.Diagnosis.Decode;

/// <summary>
/// Packets as a new pcapng file, with the interfaces that they were captured on, and what the old file says of these.
/// </summary>
/// <param name="stream">Takes the file.</param>
/// <param name="isStandard">Whether that is standard output.</param>
/// <param name="filter">The filter's words; null for none.</param>
internal sealed class WrittenPackets(Stream stream, bool isStandard, string? filter) : IPacketOutput
{
    private const int Piece = 256; // packets after which the pipe is asked whether anybody reads it

    private readonly PcapngWriter _writer = CaptureFile.Begin(stream);

    private readonly Dictionary<int, int> _interfaces = []; // of the old file → of the new one
    private long _count;

    private bool IsRead => !isStandard || !StandardOutput.IsBroken();

    /// <inheritdoc/>
    public bool Take(in CapturedPacket packet, in DecodedPacket decoded, CaptureInterface source, long number)
    {
        if (!_interfaces.TryGetValue(packet.Interface, out int index))
        {
            index = _writer.Add(source with { Filter = filter ?? source.Filter });
            _interfaces.Add(packet.Interface, index);
        }

        _writer.Write(packet with { Interface = index });
        return ++_count % Piece != 0 || IsRead;
    }

    /// <inheritdoc/>
    public void Take(IEnumerable<InterfaceStatistics> statistics)
    {
        foreach (InterfaceStatistics each in statistics)
        {
            if (_interfaces.TryGetValue(each.Interface, out int index))
            {
                _writer.Write(each with { Interface = index });
            }
        }
    }

    /// <inheritdoc/>
    public bool Flush()
    {
        _writer.Flush();
        return IsRead;
    }
}
