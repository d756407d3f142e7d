using System.Buffers.Binary;
using System.Collections.Generic;
using System.IO;
using System.Threading;
using System.Threading.Tasks;

namespace Overlay.Capture.Files;

/// <summary>Reads a capture packet by packet, also one that is still being written.</summary>
/// <remarks>
/// Never allocates more than twice of what the file holds, nor more than <see cref="LongestBlock"/> for one packet,
/// whatever lengths the file claims. One caller at a time.
/// </remarks>
public abstract class CaptureReader
{
    /// <summary>The longest block or packet that is read, in bytes: 16 MiB.</summary>
    public const int LongestBlock = 16 * 1024 * 1024;

    private const uint PcapngMagic = 0x0a0d0d0a, MicrosecondMagic = 0xa1b2c3d4, NanosecondMagic = 0xa1b23c4d;
    private const uint ModifiedMagic = 0xa1b2cd34;

    private readonly List<CaptureInterface> _interfaces = [];
    private readonly Dictionary<int, InterfaceStatistics> _statistics = []; // by interface

    private protected CaptureReader(ChunkedInput input) => Input = input;

    /// <summary>The interfaces met so far; <see cref="CapturedPacket.Interface"/> is an index of it.</summary>
    public IReadOnlyList<CaptureInterface> Interfaces => _interfaces;

    /// <summary>
    /// What the file has said so far of what became of the capture on its interfaces: for each the latest, if any.
    /// </summary>
    public IReadOnlyCollection<InterfaceStatistics> Statistics => _statistics.Values;

    private protected ChunkedInput Input { get; }

    /// <summary>Looks at the first bytes and reads the file's header.</summary>
    /// <param name="stream">A pcap or pcapng file from its first byte on. The caller closes it.</param>
    /// <param name="cancellation">Ends the wait for bytes.</param>
    /// <exception cref="CaptureFormatException">It is something else, or empty.</exception>
    public static async Task<CaptureReader> OpenAsync(Stream stream, CancellationToken cancellation = default)
    {
        var input = new ChunkedInput(stream);
        if (!await input.TryReadAsync(4, cancellation))
        {
            throw new CaptureFormatException("it is empty; a capture begins with a header", isCut: true);
        }

        uint magic = BinaryPrimitives.ReadUInt32BigEndian(input.Bytes.Span);
        uint swapped = BinaryPrimitives.ReverseEndianness(magic);
        return (magic, swapped) switch
        {
            (PcapngMagic, _) => new PcapngReader(input),
            (MicrosecondMagic, _) => await PcapReader.OpenAsync(input, true, 1000, cancellation),
            (_, MicrosecondMagic) => await PcapReader.OpenAsync(input, false, 1000, cancellation),
            (NanosecondMagic, _) => await PcapReader.OpenAsync(input, true, 1, cancellation),
            (_, NanosecondMagic) => await PcapReader.OpenAsync(input, false, 1, cancellation),
            (ModifiedMagic, _) or (_, ModifiedMagic) => throw new CaptureFormatException(
                "it is a modified pcap (0xa1b2cd34), which is not read; rewrite it: editcap -F pcapng FILE NEW"),
            _ => throw new CaptureFormatException(
                $"it begins with 0x{magic:x8}, which no pcap or pcapng does; give a file of tcpdump -w or Wireshark"),
        };
    }

    /// <summary>Reads up to the next packet and waits for it.</summary>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>Null at the end of the file.</returns>
    /// <exception cref="CaptureFormatException">The file is cut or damaged. Packets before are as they were
    /// written.</exception>
    public abstract ValueTask<CapturedPacket?> ReadAsync(CancellationToken cancellation = default);

    private protected void Add(CaptureInterface captured) => _interfaces.Add(captured);

    private protected void Add(in InterfaceStatistics statistics) => _statistics[statistics.Interface] = statistics;

    /// <summary>Reads more of a block or packet; the file must have it.</summary>
    private protected async ValueTask RequireAsync(int count, string what, CancellationToken cancellation)
    {
        if (!await Input.TryReadAsync(count, cancellation))
        {
            throw new CaptureFormatException(
                $"it ends within {what}, at byte {Input.Position}: it was cut, or is still being written", isCut: true);
        }
    }
}
