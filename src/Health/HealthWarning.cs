using System;

namespace Overlay.Health;

/// <summary>Trouble that is there now.</summary>
/// <param name="Code">Which kind.</param>
/// <param name="Subject">What has it: an interface, a peer, a file. Empty where the host has it.</param>
/// <param name="Cause">What was seen, one line.</param>
/// <param name="Remedy">What to do, one line.</param>
/// <param name="Since">When it was first seen.</param>
public sealed record HealthWarning(
    HealthCode Code, string Subject, string Cause, string Remedy, DateTimeOffset Since);
