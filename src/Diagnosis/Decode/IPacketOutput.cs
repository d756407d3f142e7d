using System.Collections.Generic;
using Overlay.Capture.Files;
using Overlay.Capture.Packets;

namespace Overlay.Diagnosis.Decode;

/// <summary>What becomes of the packets that a filter lets through.</summary>
internal interface IPacketOutput
{
    /// <summary>Takes a packet.</summary>
    /// <param name="packet">As the file has it.</param>
    /// <param name="decoded">The same, decoded.</param>
    /// <param name="source">Where it was captured.</param>
    /// <param name="number">Its place in the file, from 1.</param>
    /// <returns>False when nobody reads it any more, as far as that is known before a flush.</returns>
    bool Take(in CapturedPacket packet, in DecodedPacket decoded, CaptureInterface source, long number);

    /// <summary>Takes what the file says of the capture on its interfaces, after all packets.</summary>
    void Take(IEnumerable<InterfaceStatistics> statistics);

    /// <summary>Hands on what has been taken.</summary>
    /// <returns>False when nobody reads it any more.</returns>
    bool Flush();
}
