using System;
using System.Linq;

namespace Overlay.Cni.Protocol;

/// <summary>
/// Versions of the specification. Results are the delegate's and pass unread, so every one is spoken.
/// </summary>
internal static class CniVersion
{
    /// <summary>The newest, and what VERSION answers with.</summary>
    internal const string Newest = "1.1.0";

    /// <summary>What a config without a version is (specification 0.2.0, before the field was required).</summary>
    internal const string Oldest = "0.1.0";

    /// <summary>All, oldest first.</summary>
    internal static readonly string[] All = [Oldest, "0.2.0", "0.3.0", "0.3.1", "0.4.0", "1.0.0", Newest];

    /// <summary>Refuses a config of a version that is not spoken.</summary>
    /// <exception cref="CniException">It is.</exception>
    internal static void Require(string version)
    {
        if (!All.Contains(version))
        {
            throw new CniException(
                CniError.IncompatibleVersion, "incompatible CNI versions",
                $"config is \"{version}\", plugin supports [\"{string.Join("\", \"", All)}\"]");
        }
    }

    /// <summary>Refuses a verb that the config's version does not have.</summary>
    /// <param name="verb">For example <c>CHECK</c>.</param>
    /// <param name="version">The config's, one of <see cref="All"/>.</param>
    /// <param name="since">The first that has it.</param>
    /// <exception cref="CniException">It does not.</exception>
    internal static void RequireVerb(string verb, string version, string since)
    {
        if (Array.IndexOf(All, version) < Array.IndexOf(All, since))
        {
            throw new CniException(
                CniError.IncompatibleVersion, $"config version does not allow {verb}",
                $"config is \"{version}\", {verb} came with \"{since}\"");
        }
    }
}
