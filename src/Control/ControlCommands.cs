namespace Overlay.Control;

/// <summary>What a daemon can be asked.</summary>
public static class ControlCommands
{
    /// <summary>A <see cref="CountersReport"/> as JSON.</summary>
    public const string Counters = "counters";
}
