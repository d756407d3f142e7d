using System.Collections.Generic;
using System.Globalization;
using Overlay.Daemon.Lab;

namespace Overlay.Daemon.Bench.Paths;

/// <summary>Who runs in a namespace.</summary>
internal static class NamespaceProcesses
{
    private static readonly IpCommand s_ip = new();

    /// <summary>Their process ids.</summary>
    internal static IReadOnlyList<int> Of(string networkNamespace)
    {
        List<int> ids = [];
        foreach (string word in s_ip.Run("netns", "pids", networkNamespace).Split((char[]?)null, System.StringSplitOptions.RemoveEmptyEntries))
        {
            if (int.TryParse(word, CultureInfo.InvariantCulture, out int id))
            {
                ids.Add(id);
            }
        }

        return ids;
    }
}
