using System;
using System.Collections.Generic;
using System.Linq;

namespace Overlay.Lease;

/// <summary>Every fault in the text of a network config.</summary>
/// <param name="Config">As it is understood, defaults filled in; null when it is not valid.</param>
/// <param name="Backend">The Backend, also when the rest is not valid; the default one when it cannot be read. Its
/// options are not checked here: the backend reads them.</param>
/// <param name="Problems">Every rule it breaks, one line each, in flannel's words where it has them. A rule that
/// depends on a broken one is not looked at.</param>
/// <param name="Oddities">What is valid but probably a mistake, one line each: keys that nobody reads, keys given
/// twice.</param>
public sealed record NetworkConfigCheck(
    NetworkConfig? Config, BackendConfig Backend, IReadOnlyList<string> Problems, IReadOnlyList<string> Oddities)
{
    private const char ByteOrderMark = '\uFEFF';

    /// <summary>Checks a config. Never throws for what is in it.</summary>
    /// <param name="json">The whole text, as stored.</param>
    public static NetworkConfigCheck Of(string json)
    {
        ArgumentNullException.ThrowIfNull(json);
        if (json.StartsWith(ByteOrderMark))
        {
            return new(
                null,
                BackendConfig.Default,
                ["the config starts with a byte order mark, which flannel does not read; save it without"],
                []);
        }

        (NetworkConfig config, List<NetworkConfigException> broken) = NetworkConfig.ParseAll(json);
        return new(
            broken.Count == 0 ? config : null,
            config.Backend,
            [.. broken.Select(rule => rule.Message)],
            [.. NetworkConfigKeys.Oddities(json)]);
    }
}
