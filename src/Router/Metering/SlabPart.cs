namespace Overlay.Router.Metering;

/// <summary>A part of a slab.</summary>
/// <param name="Start">In bytes from the slab's start.</param>
/// <param name="LengthBytes">0 or more; 0 for no part.</param>
internal readonly record struct SlabPart(int Start, int LengthBytes);
