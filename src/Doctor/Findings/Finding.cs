namespace Overlay.Doctor.Findings;

/// <summary>One thing that was found.</summary>
/// <param name="Row">Which kind of trouble.</param>
/// <param name="Subject">What has it: an interface, a peer, a file. Empty where the host has.</param>
/// <param name="Why">What was seen, with the value found, one line.</param>
/// <param name="Fix">The line to type; where nothing can be typed, what to do.</param>
internal sealed record Finding(Row Row, string Subject, string Why, string Fix)
{
    /// <summary>Whether <see cref="Fix"/> is a command that a shell of this host runs as it is.</summary>
    internal bool IsCommand { get; init; }
}
