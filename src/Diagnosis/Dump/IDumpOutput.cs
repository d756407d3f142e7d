using System;
using Overlay.Capture.Files;
using Overlay.Control;
using Overlay.Router.Tapping;

namespace Overlay.Diagnosis.Dump;

/// <summary>What becomes of what the daemon has captured.</summary>
internal interface IDumpOutput
{
    /// <summary>Says what the interfaces are, before anything of them comes.</summary>
    void Begin(CaptureSummary summary);

    /// <summary>Takes a packet that user space has forwarded or dropped.</summary>
    /// <param name="record">What is known of it.</param>
    /// <param name="packet">Its first bytes; empty where they are not known.</param>
    void Take(TapRecord record, ReadOnlyMemory<byte> packet);

    /// <summary>Takes a frame of the underlay's interface.</summary>
    /// <param name="frame">What is known of it, with its bytes.</param>
    void Take(CapturedPacket frame);

    /// <summary>Hands on what has been taken.</summary>
    /// <returns>False when nobody reads it any more.</returns>
    bool Flush();

    /// <summary>Says what the capture has come to.</summary>
    void End(CaptureSummary summary);
}
