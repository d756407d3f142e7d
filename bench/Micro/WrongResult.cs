using System;
using System.Diagnostics.CodeAnalysis;

namespace Overlay.Micro;

/// <summary>Refuses the time of an operation that gave a wrong result.</summary>
internal static class WrongResult
{
    /// <summary>Unless <paramref name="isRight"/>, ends the benchmark.</summary>
    /// <exception cref="InvalidOperationException">The result is wrong.</exception>
    internal static void Unless([DoesNotReturnIf(false)] bool isRight, string what)
    {
        if (!isRight)
        {
            Throw(what);
        }
    }

    // A method of its own, so that only the check is inlined where time is measured.
    [DoesNotReturn]
    private static void Throw(string what) => throw new InvalidOperationException($"wrong result: {what}");
}
