namespace Overlay.Capture.Filters;

/// <summary>What stands before a value, and holds for the values after it until something else is said.</summary>
/// <param name="Layer">Which headers.</param>
/// <param name="Protocol">For example <c>tcp</c>; null for any.</param>
/// <param name="Direction">Which end.</param>
/// <param name="Type"><c>host</c>, <c>net</c>, <c>port</c>, <c>portrange</c> or <c>proto</c>; null where nothing was
/// said, which is <c>host</c>, or <c>net</c> before a prefix.</param>
internal readonly record struct FilterQualifiers(
    FilterLayer Layer, string? Protocol, FilterDirection Direction, string? Type);
