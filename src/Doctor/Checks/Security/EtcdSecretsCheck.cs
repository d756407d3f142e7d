using System;
using System.Collections.Generic;
using System.Linq;
using Overlay.Doctor.Facts;
using Overlay.Doctor.Findings;
using Overlay.Health;

namespace Overlay.Doctor.Checks.Security;

/// <summary>S4: whether etcd is spoken to in clear text, or its password stands where every user reads it.</summary>
internal sealed class EtcdSecretsCheck : ICheck
{
    private const string Password = "etcd-password";

    private static readonly Row s_row = new(
        "S4", "etcd-secrets-open", HealthSeverity.Warning,
        "whoever listens or looks can change where every host's packets go: the way to etcd is open",
        "docs/cli.md, --etcd-password-file");

    private static readonly string[] s_here = ["127.", "localhost", "[::1]"];

    /// <inheritdoc/>
    public IReadOnlyList<Row> Rows { get; } = [s_row];

    /// <inheritdoc/>
    public IEnumerable<Finding> Look(HostFacts host) => host.Processes.SelectMany(Look);

    private static IEnumerable<Finding> Look(DaemonProcess process)
    {
        if (process.Arguments.Any(word => word.TrimStart('-').Split('=')[0] == Password && word.StartsWith('-')))
        {
            yield return new Finding(
                s_row, $"{process.Name} (process {process.Id})",
                "its command line, which every user can read, has the password of etcd",
                "put the password into a file of root's alone, and give overlay --etcd-password-file FILE");
        }

        string[] open =
        [
            .. (process.Option("etcd-endpoints") ?? "").Split(',').Where(
                endpoint => endpoint.StartsWith("http://", StringComparison.OrdinalIgnoreCase)
                    && !s_here.Any(endpoint["http://".Length..].StartsWith)),
        ];
        if (open.Length > 0 && process.Option("etcd-username") is not null)
        {
            yield return new Finding(
                s_row, $"{process.Name} (process {process.Id})",
                $"user and password go to {open[0]} in clear text",
                "give etcd a certificate, and the daemon https:// endpoints with --etcd-cafile FILE");
        }
    }
}
