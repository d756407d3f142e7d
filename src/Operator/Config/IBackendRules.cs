using System.Collections.Generic;
using Overlay.Lease;

namespace Overlay.Operator.Config;

/// <summary>
/// What <c>overlay run</c> and its backends make of a network config. The commands here know no backend themselves.
/// </summary>
public interface IBackendRules
{
    /// <summary>Why <c>overlay run</c> refuses a valid config; null when it takes it.</summary>
    /// <param name="config">A valid config.</param>
    /// <param name="source">Where it is from, for the line.</param>
    string? RefusalOf(NetworkConfig config, string source);

    /// <summary>How a backend understands its options.</summary>
    /// <returns>Null for a type that <c>overlay run</c> does not have.</returns>
    /// <exception cref="NetworkConfigException">An option is not valid.</exception>
    CompletedBackend? Complete(BackendConfig backend);
}

/// <summary>A Backend with its defaults.</summary>
/// <param name="Json">One JSON object, without blanks: it could be put into a config itself.</param>
/// <param name="Text">The same in words, for example <c>udp, port 8285</c>.</param>
/// <param name="KnownOptions">The names that the backend reads, Type among them.</param>
public sealed record CompletedBackend(string Json, string Text, IReadOnlyList<string> KnownOptions);
