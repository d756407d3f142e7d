using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Overlay.Doctor.Facts;
using Overlay.Doctor.Findings;
using Overlay.Health;

namespace Overlay.Doctor.Checks.Leases;

/// <summary>
/// L12: whether the certificates that the daemons of this host show to etcd, or check it by, end soon, and who can read
/// the key. The daemons say on their command lines, and in their environment, which they are.
/// </summary>
internal sealed class CertificateCheck : ICheck
{
    private const UnixFileMode Others = UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;

    private static readonly TimeSpan s_soon = TimeSpan.FromDays(14);

    private static readonly Row s_row = new(
        "L12", "certificate-trouble", HealthSeverity.Warning,
        "the way to etcd will break on a date, or its key is anybody's to read",
        "etcd's documentation, Transport security model");

    /// <inheritdoc/>
    public IReadOnlyList<Row> Rows { get; } = [s_row];

    /// <inheritdoc/>
    public IEnumerable<Finding> Look(HostFacts host) =>
        from process in host.Processes
        from finding in (Finding?[])
        [
            OfCertificate(host, process.Option("etcd-certfile"), isBundle: false),
            OfCertificate(host, process.Option("etcd-cafile"), isBundle: true),
            OfKey(host, process.Option("etcd-keyfile")),
        ]
        where finding is not null
        select finding;

    private static Finding? OfCertificate(HostFacts host, string? file, bool isBundle)
    {
        if (file is null || host.Files.Read(file) is not { } pem)
        {
            return null;
        }

        X509Certificate2Collection certificates = [];
        try
        {
            certificates.ImportFromPem(pem);
            if (certificates.Count == 0 || (isBundle && certificates.Count > 1))
            {
                return null; // of many authorities some have always ended
            }

            DateTimeOffset end = certificates[0].NotAfter;
            return end - host.Now > s_soon
                ? null
                : new Finding(
                    s_row, file,
                    $"{file} {(end < host.Now ? "has ended" : "ends")} on {end.UtcDateTime:yyyy-MM-dd HH:mm} UTC",
                    "put a new certificate there; ours reads it by itself, flanneld has to be restarted");
        }
        catch (CryptographicException)
        {
            return null; // the daemon says so at its start
        }
        finally
        {
            foreach (X509Certificate2 certificate in certificates)
            {
                certificate.Dispose();
            }
        }
    }

    private static Finding? OfKey(HostFacts host, string? file) =>
        file is not null && host.Files.ModeOf(file) is { } mode && (mode & Others) != 0
            ? new Finding(
                s_row, file, $"{file} has mode {Convert.ToString((int)mode, 8)}", $"chmod 600 {file}")
            {
                IsCommand = true,
            }
            : null;
}
