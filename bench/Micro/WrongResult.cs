using System;
using System.Diagnostics.CodeAnalysis;

namespace Overlay.Micro;

/// <summary>An operation did not do what its time is taken for.</summary>
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

    // Apart, so that the check alone is inlined where time is taken.
    [DoesNotReturn]
    private static void Throw(string what) => throw new InvalidOperationException($"wrong result: {what}");
}
