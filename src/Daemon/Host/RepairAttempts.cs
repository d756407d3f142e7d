using System;
using System.IO;
using Microsoft.Extensions.Logging;
using Overlay.Daemon.Logging;
using Overlay.Health;
using Overlay.Linux;
using Overlay.Terminal;

namespace Overlay.Daemon.Host;

/// <summary>
/// Repairs, each tried again with the next: what stands in their way is logged when it is another than before. One call
/// at a time.
/// </summary>
/// <param name="log">Gets a line for each failure that is not the last one again.</param>
internal sealed class RepairAttempts(ILogger log)
{
    /// <summary>Gets the trouble that is seen.</summary>
    internal required HealthBoard Health { get; init; }

    /// <summary>
    /// Why the last one failed; null when it did not. Set by whoever logs a failure itself. Any thread may ask.
    /// </summary>
    internal string? Failure { get; set; }

    /// <summary>Repairs, as far as the kernel and others let it.</summary>
    /// <param name="interfaceName">For the line.</param>
    /// <param name="repair">
    /// Throws <see cref="LinuxException"/> when the kernel refuses, <see cref="InvalidDataException"/> when its answer
    /// makes no sense, <see cref="OperatorException"/> when something is in the way. Anything else is thrown on.
    /// </param>
    /// <returns>Whether it did not fail.</returns>
    internal bool Try(string interfaceName, Action repair)
    {
        try
        {
            repair();
            Failure = null;
            Health.Clear(HealthCodes.RepairFailed, interfaceName);
            return true;
        }
        catch (Exception problem) when (problem is LinuxException or OperatorException or InvalidDataException)
        {
            if (Failure != problem.Message)
            {
                Failure = problem.Message;
                Log.RepairFailed(log, interfaceName, problem.Message);
            }

            Health.Raise(HealthCodes.RepairFailed, interfaceName, problem.Message);
            return false;
        }
    }
}
