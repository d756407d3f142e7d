using System;

namespace Overlay.Capture.Files;

/// <summary>A capture that cannot be read on. The message is one line: what, the value found, the remedy.</summary>
public sealed class CaptureFormatException : Exception
{
    /// <summary>A refusal.</summary>
    /// <param name="message">One line.</param>
    /// <param name="isCut">Whether the file only ends too early, so that all before it is as it was written.</param>
    public CaptureFormatException(string message, bool isCut = false)
        : base(message) => IsCut = isCut;

    /// <summary>Whether the file only ends too early.</summary>
    public bool IsCut { get; }
}
