using System.Collections.Generic;
using System.Linq;

namespace Overlay.Daemon.Logging;

/// <summary>Peers, routes and the like in a line of the log.</summary>
internal static class NameList
{
    private const int MostNamed = 4;

    /// <summary>Names the first few and counts the others: <c>a, b, c, d and 3 more</c>.</summary>
    internal static string Shorten(IReadOnlyCollection<string> names) => string.Join(", ", names.Take(MostNamed))
        + (names.Count > MostNamed ? $" and {names.Count - MostNamed} more" : "");
}
