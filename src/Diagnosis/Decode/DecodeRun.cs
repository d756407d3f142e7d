using System.IO;
using System.Threading;
using System.Threading.Tasks;
using Overlay.Capture.Files;
using Overlay.Capture.Packets;

namespace Overlay.Diagnosis.Decode;

/// <summary>Reads a capture to its end and shows what the filter lets through.</summary>
/// <param name="request">What is asked for.</param>
/// <param name="output">Takes the packets.</param>
/// <param name="isGrowing">Whether it is read as it is written: each packet is shown before the next is waited for.
/// </param>
internal sealed class DecodeRun(DecodeRequest request, IPacketOutput output, bool isGrowing)
{
    private readonly PacketDecoder _decoder = new(request.Port, request.VxlanPort);
    private long _read, _shown, _malformed;

    /// <summary>What there was so far; any thread may ask.</summary>
    internal string Summary =>
        $"{Count(Volatile.Read(ref _read))} read, {Volatile.Read(ref _shown)} shown, {Volatile.Read(ref _malformed)} "
            + "malformed";

    /// <summary>Reads until the end, or until enough is shown, or until nobody reads it.</summary>
    /// <exception cref="CaptureFormatException">The capture is cut or damaged; all before it has been shown.
    /// </exception>
    internal async Task ReadAsync(Stream capture, CancellationToken cancellation)
    {
        CaptureReader? reader = null;
        try
        {
            reader = await CaptureReader.OpenAsync(capture, cancellation);
            while (await reader.ReadAsync(cancellation) is { } packet)
            {
                if (!Look(packet, reader.Interfaces[packet.Interface]))
                {
                    return;
                }
            }
        }
        finally
        {
            output.Take(reader?.Statistics ?? []);
            _ = output.Flush();
        }
    }

    private static string Count(long packets) => packets == 1 ? "1 packet" : $"{packets} packets";

    // False when there is no reason to read on.
    private bool Look(in CapturedPacket packet, CaptureInterface source)
    {
        DecodedPacket decoded = _decoder.Decode(source.LinkType, packet.Bytes, packet.WireLength);
        long number = Interlocked.Increment(ref _read);
        if (decoded.Fault.IsMalformed())
        {
            Interlocked.Increment(ref _malformed);
        }

        if (!request.Filter.Matches(decoded))
        {
            return true;
        }

        bool isRead = output.Take(packet, decoded, source, number);
        bool isEnough = Interlocked.Increment(ref _shown) == request.Count;
        return isRead && (!isGrowing || output.Flush()) && !isEnough;
    }
}
