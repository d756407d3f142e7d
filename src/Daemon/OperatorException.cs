using System;

namespace Overlay.Daemon;

/// <summary>Something the operator can mend. The message is one line: what, the value found, the remedy.</summary>
internal class OperatorException : Exception
{
    internal OperatorException(string message)
        : base(message)
    {
    }

    internal OperatorException(string message, Exception cause)
        : base(message, cause)
    {
    }
}
