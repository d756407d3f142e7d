using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using Overlay.Terminal;

namespace Overlay.Health;

/// <summary>
/// What is wrong with this host's overlay now, by code and subject. Whoever sees trouble raises it, and clears it when
/// it is over; doing so again changes nothing. Any thread.
/// </summary>
/// <param name="clock">Says since when, and what has lasted long enough to be shown.</param>
public sealed class HealthBoard(TimeProvider clock)
{
    private readonly Lock _changing = new();
    private readonly Dictionary<(string Code, string Subject), Raised> _raised = [];

    /// <summary>What was put back on the host.</summary>
    public RepairCounts Repairs { get; init; } = new();

    /// <summary>Says that there is trouble, or that its cause is another than before.</summary>
    /// <param name="code">One of <see cref="HealthCodes"/>.</param>
    /// <param name="subject">What has it; empty where the host has.</param>
    /// <param name="cause">What was seen, one line. Others may have put words into it: it is masked here, for
    /// everybody who shows it.</param>
    /// <param name="remedy">What to do; null for the code's own.</param>
    public void Raise(HealthCode code, string subject, string cause, string? remedy = null)
    {
        string shown = TerminalText.Mask(Secrets.Mask(cause));
        lock (_changing)
        {
            Raised? before = _raised.GetValueOrDefault((code.Name, subject));
            _raised[(code.Name, subject)] = new Raised(
                new HealthWarning(
                    code, subject, shown, remedy ?? code.Remedy, before?.Warning.Since ?? clock.GetUtcNow()),
                before?.At ?? clock.GetTimestamp());
        }
    }

    /// <summary>Says that the trouble is over, if it was there.</summary>
    public void Clear(HealthCode code, string subject)
    {
        lock (_changing)
        {
            _ = _raised.Remove((code.Name, subject));
        }
    }

    /// <summary>Says that nothing has this trouble any longer.</summary>
    public void Clear(HealthCode code) => ClearExcept(code, []);

    /// <summary>Says that nothing but these has this trouble any longer.</summary>
    public void ClearExcept(HealthCode code, IReadOnlyCollection<string> subjects)
    {
        lock (_changing)
        {
            foreach ((string Code, string Subject) key in _raised.Keys
                .Where(key => key.Code == code.Name && !subjects.Contains(key.Subject)).ToList())
            {
                _ = _raised.Remove(key);
            }
        }
    }

    /// <summary>Says that nothing is wrong any longer: whoever raised it is gone.</summary>
    public void ClearAll()
    {
        lock (_changing)
        {
            _raised.Clear();
        }
    }

    /// <summary>Raises or clears, whichever it is.</summary>
    /// <param name="code">One of <see cref="HealthCodes"/>.</param>
    /// <param name="subject">What may have it; empty where the host may.</param>
    /// <param name="cause">What was seen; null when all is well.</param>
    /// <param name="remedy">What to do; null for the code's own.</param>
    public void Set(HealthCode code, string subject, string? cause, string? remedy = null)
    {
        if (cause is null)
        {
            Clear(code, subject);
        }
        else
        {
            Raise(code, subject, cause, remedy);
        }
    }

    /// <summary>Everything raised, whether it is shown or not.</summary>
    public IReadOnlyList<HealthWarning> ReadAll() => Read(_ => true);

    /// <summary>
    /// What is shown: it has lasted long enough, and none of its causes is raised. The worst first, then by code and
    /// subject.
    /// </summary>
    public IReadOnlyList<HealthWarning> ReadVisible()
    {
        lock (_changing)
        {
            HashSet<string> codes = [.. _raised.Keys.Select(key => key.Code)];
            return Read(raised =>
                clock.GetElapsedTime(raised.At) >= raised.Warning.Code.TimeToVisible
                && !raised.Warning.Code.DependsOn.Any(codes.Contains));
        }
    }

    /// <summary>Trouble that means that this host is not ready for pods, whether it has lasted or not.</summary>
    public IReadOnlyList<HealthWarning> ReadNotReady() => Read(raised => raised.Warning.Code.EndsReadiness);

    private IReadOnlyList<HealthWarning> Read(Func<Raised, bool> which)
    {
        lock (_changing)
        {
            return
            [
                .. _raised.Values.Where(which).Select(raised => raised.Warning)
                    .OrderByDescending(warning => warning.Code.Severity)
                    .ThenBy(warning => warning.Code.Name, StringComparer.Ordinal)
                    .ThenBy(warning => warning.Subject, StringComparer.Ordinal),
            ];
        }
    }

    private sealed record Raised(HealthWarning Warning, long At);
}
