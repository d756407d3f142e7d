using System;

namespace Overlay.Cni.Protocol;

/// <summary>A refusal, as the runtime gets it (CNI specification 1.1.0, section 5, "Error").</summary>
internal sealed class CniException : Exception
{
    /// <summary>A refusal.</summary>
    /// <param name="code">One of <see cref="CniError"/>, or what a delegate has given.</param>
    /// <param name="message">One line: what, the value found, the remedy.</param>
    /// <param name="details">More of it; empty where there is none.</param>
    internal CniException(int code, string message, string details = "")
        : base(message) => (Code, Details) = (code, details);

    /// <summary>1 to 99 are the specification's, the others the plugin's.</summary>
    internal int Code { get; }

    /// <summary>More of it; may be empty.</summary>
    internal string Details { get; }
}
