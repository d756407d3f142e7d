using Overlay.Health;

namespace Overlay.Firewall;

/// <summary>Rules of others that stop or change the overlay's packets whatever flannel's rules do.</summary>
/// <param name="Code">What it breaks.</param>
/// <param name="Subject">Whose it is: <c>firewalld</c>, <c>inet filter forward</c>.</param>
/// <param name="Cause">What it does.</param>
/// <param name="Remedy">What to do about it.</param>
public sealed record FirewallObstacle(HealthCode Code, string Subject, string Cause, string Remedy);
