using System;

namespace Overlay.Daemon.Cleanup;

/// <summary>Something on this host that flannel or this daemon has left, and how it goes.</summary>
/// <param name="Kind"><c>rules</c>, <c>route</c>, <c>device</c> or <c>file</c>.</param>
/// <param name="What">In the words of the tool that shows it.</param>
/// <param name="Remove">
/// Removes it whole or not at all. Throws <see cref="Terminal.OperatorException"/>, LinuxException, IOException or
/// UnauthorizedAccessException when that is refused.
/// </param>
internal sealed record CleanupItem(string Kind, string What, Action Remove);
