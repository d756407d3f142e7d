using System;
using System.Collections.Generic;
using System.Linq;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Overlay.Lease.Etcd.Client;

/// <summary>Whose signature a member's certificate may bear: the certificates of a file, or the system's.</summary>
/// <remarks>
/// Every one of them is a trust anchor, whether it signed itself or not, as in Go's crypto/x509 (RootCAs) and so in
/// stock flannel. .NET ends a chain only at a certificate that signed itself; <see cref="EtcdTlsVerdict"/> does the
/// rest.
/// </remarks>
internal sealed class EtcdTlsAuthorities
{
    private const string Begin = "-----BEGIN CERTIFICATE-----", BeginTrusted = "-----BEGIN TRUSTED CERTIFICATE-----";

    private readonly Lazy<X509Certificate2Collection> _anchors;
    private readonly string? _file;
    private readonly bool _hasUnread;

    private EtcdTlsAuthorities(string? file, Func<X509Certificate2Collection> anchors, bool hasUnread = false)
    {
        _file = file;
        _anchors = new Lazy<X509Certificate2Collection>(anchors);
        _hasUnread = hasUnread;
    }

    /// <summary>How a chain is built; null for the system's way.</summary>
    internal X509ChainPolicy? Policy { get; private init; }

    /// <summary>For "CA file FILE holds no such certificate".</summary>
    internal string Lacks => _file is null
        ? "the system's authorities do not hold"
        : $"CA file {_file} does not hold{Unread}";

    /// <summary>For "CA file FILE holds no certificate of theirs".</summary>
    internal string Description => _file is null ? "the system's store of authorities" : $"CA file {_file}";

    /// <summary>What stands in the file in a form that is not read, for the end of a sentence.</summary>
    internal string Unread => _hasUnread
        ? " (its blocks \"TRUSTED CERTIFICATE\" are not read; \"openssl x509\" makes plain ones of them)"
        : string.Empty;

    /// <summary>The system's.</summary>
    internal static EtcdTlsAuthorities OfSystem() => new(file: null, ReadSystem);

    /// <summary>Those of a PEM file.</summary>
    /// <param name="file">For messages.</param>
    /// <param name="text">Its content.</param>
    /// <exception cref="EtcdException">It holds none, or a broken one.</exception>
    internal static EtcdTlsAuthorities Of(string file, string text)
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
        };
        try
        {
            policy.CustomTrustStore.ImportFromPem(text);
        }
        catch (CryptographicException problem)
        {
            throw new EtcdException($"etcd CA file {file}: cannot be used: {problem.Message}", problem);
        }

        X509Certificate2Collection anchors = policy.CustomTrustStore;
        bool hasTrusted = text.Contains(BeginTrusted, StringComparison.Ordinal);
        if (anchors.Count > 0)
        {
            return new EtcdTlsAuthorities(file, () => anchors, hasTrusted) { Policy = policy };
        }

        throw new EtcdException(hasTrusted
            ? $"etcd CA file {file}: holds certificates only in OpenSSL's own form ({BeginTrusted}); write them as "
                + $"plain ones with: openssl x509 -in {file}"
            : $"etcd CA file {file}: holds no certificate in PEM form ({Begin})");
    }

    /// <summary>Whether this very certificate is one of them, byte for byte.</summary>
    internal bool Hold(X509Certificate2 certificate) =>
        _anchors.Value.Any(anchor => anchor.RawDataMemory.Span.SequenceEqual(certificate.RawDataMemory.Span));

    /// <summary>Those with a name.</summary>
    internal IEnumerable<X509Certificate2> OfSubject(X500DistinguishedName name) =>
        _anchors.Value.Where(anchor => anchor.SubjectName.RawData.AsSpan().SequenceEqual(name.RawData));

    // On Linux both are views of what OpenSSL trusts (SSL_CERT_FILE, SSL_CERT_DIR): what signed itself, and the rest.
    private static X509Certificate2Collection ReadSystem()
    {
        X509Certificate2Collection anchors = [];
        foreach (StoreName name in (StoreName[])[StoreName.Root, StoreName.CertificateAuthority])
        {
            using var store = new X509Store(name, StoreLocation.LocalMachine);
            store.Open(OpenFlags.ReadOnly);
            anchors.AddRange(store.Certificates);
        }

        return anchors;
    }
}
