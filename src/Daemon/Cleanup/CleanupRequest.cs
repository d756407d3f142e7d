namespace Overlay.Daemon.Cleanup;

/// <summary>What <c>overlay cleanup</c> is asked to do.</summary>
/// <param name="RunDirectory">Of the daemon whose files go.</param>
/// <param name="SubnetFile">It goes too, and tells which routes are the overlay's.</param>
/// <param name="WithBridge">Whether cni0 goes.</param>
/// <param name="IsAgreed">Whether nobody is asked.</param>
/// <param name="IsDryRun">Whether it is shown, and nothing is removed.</param>
internal sealed record CleanupRequest(
    string RunDirectory, string SubnetFile, bool WithBridge, bool IsAgreed, bool IsDryRun);
