using System.Collections.Generic;
using System.Linq;
using System.Text;
using Overlay.Daemon.Health;
using Overlay.Health;

namespace Overlay.Daemon.Endpoints;

/// <summary>The pages for probes, with stock's words (flannel main.go, mustRunHealthz).</summary>
/// <param name="health">Says what is wrong.</param>
/// <param name="progress">Says whether a worker hangs.</param>
internal sealed class ProbePages(HealthBoard health, WorkerProgress progress)
{
    /// <summary>Whether the daemon has come so far that pods can be started.</summary>
    internal bool IsStarted { get; set; }

    /// <summary>
    /// <c>/healthz</c>: not 200 when a worker hangs, which a restart mends, and for nothing else: it does not mend a
    /// store that is away.
    /// </summary>
    internal HttpAnswer Healthz(string query)
    {
        IReadOnlyList<string> hung = progress.FindHung();
        return hung.Count == 0
            ? new HttpAnswer(200, "flanneld is running" + Verbose(query))
            : new HttpAnswer(503, $"flanneld hangs: {string.Join(", ", hung)}" + Verbose(query));
    }

    /// <summary><c>/readyz</c>: 200 while the host holds a lease, and tunnel, routes and rules are there.</summary>
    internal HttpAnswer Readyz(string query) => IsStarted && health.ReadNotReady().Count == 0
        ? new HttpAnswer(200, "flanneld is ready" + Verbose(query))
        : new HttpAnswer(503, "flanneld is not ready yet" + Verbose(query));

    private string Verbose(string query)
    {
        if (!query.Split('&').Any(word => word is "verbose" or "verbose=" or "verbose=1" or "verbose=true"))
        {
            return string.Empty;
        }

        var text = new StringBuilder("\n");
        ILookup<string, HealthWarning> raised = health.ReadAll().ToLookup(warning => warning.Code.Name);
        foreach (HealthCode code in HealthCodes.All)
        {
            foreach (HealthWarning warning in raised[code.Name])
            {
                text.Append("[-]").Append(code.Name).Append(' ').Append(warning.Subject)
                    .Append(warning.Subject.Length > 0 ? ": " : string.Empty).Append(warning.Cause).Append('\n');
            }

            if (!raised.Contains(code.Name) && code.EndsReadiness)
            {
                text.Append("[+]").Append(code.Name).Append(" ok\n");
            }
        }

        return text.ToString();
    }
}
