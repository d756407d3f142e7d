namespace Overlay.Health;

/// <summary>How much a warning matters.</summary>
public enum HealthSeverity
{
    /// <summary>
    /// Worth knowing; nothing is broken, and the exit status of <c>overlay status</c> is as without it.
    /// </summary>
    Info,

    /// <summary>Something does not work, or soon will not, and the rest goes on.</summary>
    Warning,

    /// <summary>Packets of this host are lost, or its lease is.</summary>
    Error,
}
