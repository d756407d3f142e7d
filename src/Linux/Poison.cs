using System;
using System.Diagnostics;

namespace Overlay.Linux;

/// <summary>
/// What memory is filled with in a Debug build when a loan of it ends: whoever has kept a span of it reads nonsense at
/// once, and not only when the memory is used again.
/// </summary>
internal static class Poison
{
    /// <summary>The byte it is filled with.</summary>
    internal const byte Value = 0xDB;

    /// <summary>Fills memory that nobody may use any more.</summary>
    [Conditional("DEBUG")]
    internal static void Fill(Span<byte> memory) => memory.Fill(Value);

    /// <summary>Whether nobody has written to memory since it was filled.</summary>
    internal static bool IsIntact(ReadOnlySpan<byte> memory) => !memory.ContainsAnyExcept(Value);
}
