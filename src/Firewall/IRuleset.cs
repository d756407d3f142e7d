using System.Collections.Generic;
using Overlay.Terminal;

namespace Overlay.Firewall;

/// <summary>One of the kernel's two kinds of firewall rules, worked by its own program. One call at a time.</summary>
/// <remarks>A program that the daemon's stop ends throws <see cref="System.OperationCanceledException"/>.</remarks>
public interface IRuleset
{
    /// <summary>The program: <c>iptables</c>, <c>nft</c>.</summary>
    string Tool { get; }

    /// <summary>The program with its version, for a message. After the first <see cref="Assert"/>.</summary>
    string Description { get; }

    /// <summary>Whether the program is there at all.</summary>
    bool IsInstalled { get; }

    /// <summary>Whether the kernel tells of changes of these rules. False as long as that is unknown.</summary>
    bool IsAnnounced { get; }

    /// <summary>
    /// What is another when rules have been added or removed, at the price of a system call for each table. For rules
    /// of whose changes the kernel does not tell.
    /// </summary>
    /// <param name="traffic">Which rules are wanted.</param>
    /// <returns>Null where there is no such thing.</returns>
    string? ReadShape(OverlayTraffic traffic);

    /// <summary>Makes the rules as they are wanted, and changes nothing where they are.</summary>
    /// <param name="traffic">Which are wanted.</param>
    /// <returns>What was not as wanted and is now; empty when nothing was changed.</returns>
    /// <exception cref="OperatorException">The program is missing or fails; the line says why.</exception>
    IReadOnlyList<string> Assert(OverlayTraffic traffic);

    /// <summary>What of others stops or changes the traffic all the same.</summary>
    /// <param name="traffic">Which traffic.</param>
    /// <param name="isInUse">Whether flannel's own rules are of this kind.</param>
    /// <exception cref="OperatorException">The program is missing or fails; the line says why.</exception>
    IReadOnlyList<FirewallObstacle> FindObstacles(OverlayTraffic traffic, bool isInUse);
}
