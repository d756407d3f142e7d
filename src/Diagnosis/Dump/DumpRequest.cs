using System;
using Overlay.Control;
using Overlay.Diagnosis.Decode;

namespace Overlay.Diagnosis.Dump;

/// <summary>What dump was asked for.</summary>
/// <param name="RunDirectory">Of the daemon.</param>
/// <param name="Capture">What the daemon is asked for.</param>
/// <param name="Shown">How packets are shown, or where they are written to.</param>
/// <param name="Longest">After this the capture stops by itself.</param>
internal sealed record DumpRequest(
    string RunDirectory, CaptureRequest Capture, DecodeRequest Shown, TimeSpan Longest);
