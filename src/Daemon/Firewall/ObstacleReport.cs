using System.Collections.Generic;
using System.Linq;
using Microsoft.Extensions.Logging;
using Overlay.Daemon.Logging;
using Overlay.Firewall;
using Overlay.Health;
using Overlay.Terminal;

namespace Overlay.Daemon.Firewall;

/// <summary>
/// Says which rules of others stop or change the overlay's packets all the same: of both kinds, each for itself,
/// because a chain of the kind that is in use can drop as well. Not thread-safe.
/// </summary>
/// <param name="used">The kind that is in use.</param>
/// <param name="other">The kind that is not.</param>
/// <param name="health">Gets a warning for each.</param>
/// <param name="log">Gets a line for each that is new.</param>
internal sealed class ObstacleReport(IRuleset used, IRuleset other, HealthBoard health, ILogger log)
{
    private static readonly HealthCode[] s_codes =
    [
        HealthCodes.FirewallForwardReject, HealthCodes.FirewallInputReject, HealthCodes.FirewallForeignMasquerade,
    ];

    private IReadOnlyList<FirewallObstacle> _ofUsed = []; // those found last
    private IReadOnlyList<FirewallObstacle> _ofOther = [];
    private string? _failure; // the last one of a look, which is logged

    /// <summary>Whether the last look has found any.</summary>
    internal bool AreFound => _ofUsed.Count + _ofOther.Count > 0;

    /// <summary>Looks, and reports what has changed.</summary>
    /// <param name="traffic">Which traffic.</param>
    /// <param name="isUsable">False when the program in use has just failed: the next look would fail too.</param>
    internal void Look(OverlayTraffic traffic, bool isUsable)
    {
        FirewallObstacle[] known = [.. _ofUsed, .. _ofOther];
        if (isUsable)
        {
            _ofUsed = Find(used, traffic, isInUse: true, _ofUsed);
        }

        _ofOther = Find(other, traffic, isInUse: false, _ofOther);
        FirewallObstacle[] obstacles = [.. _ofUsed, .. _ofOther];
        foreach (HealthCode code in s_codes)
        {
            health.ClearExcept(
                code, [.. obstacles.Where(obstacle => obstacle.Code == code).Select(obstacle => obstacle.Subject)]);
        }

        foreach (FirewallObstacle obstacle in obstacles)
        {
            health.Raise(obstacle.Code, obstacle.Subject, obstacle.Cause, obstacle.Remedy);
            if (!known.Contains(obstacle))
            {
                Log.FirewallObstacle(log, obstacle.Cause, obstacle.Remedy);
            }
        }
    }

    /// <summary>Logs why others' rules could not be looked at, unless it was the same the last time.</summary>
    internal void ReportFailure(IRuleset ruleset, OperatorException problem)
    {
        if (_failure != problem.Message)
        {
            _failure = problem.Message;
            Log.FirewallLookFailed(log, ruleset.Tool, problem.Message);
        }
    }

    // What was found last, where nothing can be found out now.
    private IReadOnlyList<FirewallObstacle> Find(
        IRuleset ruleset, OverlayTraffic traffic, bool isInUse, IReadOnlyList<FirewallObstacle> last)
    {
        try
        {
            return ruleset.IsInstalled ? ruleset.FindObstacles(traffic, isInUse) : [];
        }
        catch (OperatorException problem)
        {
            ReportFailure(ruleset, problem);
            return last;
        }
    }
}
