using System;

namespace Overlay.Terminal;

/// <summary>Something the operator can mend. The message is one line: what, the value found, the remedy.</summary>
public class OperatorException : Exception
{
    /// <summary>A refusal.</summary>
    public OperatorException(string message)
        : base(message)
    {
    }

    /// <summary>A refusal, and what it comes from.</summary>
    public OperatorException(string message, Exception cause)
        : base(message, cause)
    {
    }
}
