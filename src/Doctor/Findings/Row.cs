using Overlay.Health;

namespace Overlay.Doctor.Findings;

/// <summary>One way in which an overlay fails. docs/doctor.md has all of them; a test compares.</summary>
/// <param name="Id">Short and stable: <c>W1</c>. The letter is the subject, see docs/doctor.md.</param>
/// <param name="Code">Stable words for it: <c>firewall-forward-drop</c>. Where the daemon warns of the same, its health
/// code.</param>
/// <param name="Severity">An error breaks traffic now, a warning will or slows it, an info explains.</param>
/// <param name="What">What is wrong, as one line.</param>
/// <param name="Source">Where more is to be read: a document of ours, a man page, an issue of flannel's.</param>
internal sealed record Row(string Id, string Code, HealthSeverity Severity, string What, string Source);
