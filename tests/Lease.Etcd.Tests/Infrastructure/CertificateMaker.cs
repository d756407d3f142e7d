using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Overlay.Testing;

namespace Overlay.Lease.Etcd.Tests;

/// <summary>What a certificate is to be like. The defaults are an authority's.</summary>
internal sealed record CertificateShape
{
    /// <summary>Basic constraints; null for none.</summary>
    internal bool? IsAuthority { get; init; } = true;

    internal int? PathLength { get; init; }

    internal X509KeyUsageFlags? KeyUsage { get; init; } = X509KeyUsageFlags.KeyCertSign;

    /// <summary>Extended key usage; empty for none.</summary>
    internal IReadOnlyList<string> Purposes { get; init; } = [];

    /// <summary>Names and addresses; empty for no extension.</summary>
    internal IReadOnlyList<string> Hosts { get; init; } = [];

    /// <summary>Days from now, on both sides.</summary>
    internal (int From, int To) Days { get; init; } = (-30, 30);

    /// <summary>Whether it names its issuer's key.</summary>
    internal bool NamesIssuerKey { get; init; } = true;

    /// <summary>Another key than a new one.</summary>
    internal ECDsa? Key { get; init; }

    internal X509Extension? Extra { get; init; }

    /// <summary>A server's.</summary>
    internal static CertificateShape Server { get; } = new()
    {
        IsAuthority = null,
        KeyUsage = X509KeyUsageFlags.DigitalSignature,
        Purposes = [CertificateMaker.ForServers, CertificateMaker.ForClients],
        Hosts = ["127.0.0.1", "etcd.example"],
    };
}

/// <summary>Makes certificates, the unsound ones, too, which the base library would not sign.</summary>
internal static class CertificateMaker
{
    internal const string ForServers = "1.3.6.1.5.5.7.3.1", ForClients = "1.3.6.1.5.5.7.3.2";

    /// <param name="name">Of its subject.</param>
    /// <param name="issuer">Null for one that signs itself.</param>
    /// <param name="shape">Null for an authority.</param>
    /// <returns>With its key.</returns>
    internal static X509Certificate2 Make(string name, X509Certificate2? issuer = null, CertificateShape? shape = null)
    {
        shape ??= new CertificateShape();
        ECDsa key = shape.Key ?? ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        foreach (X509Extension extension in Extensions(request, issuer, shape))
        {
            request.CertificateExtensions.Add(extension);
        }

        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        X509Certificate2 made = request.Create(
            issuer?.SubjectName ?? request.SubjectName,
            X509SignatureGenerator.CreateForECDsa(issuer?.GetECDsaPrivateKey() ?? key),
            now.AddDays(shape.Days.From),
            now.AddDays(shape.Days.To),
            RandomNumberGenerator.GetBytes(12));
        return made.CopyWithPrivateKey(key);
    }

    /// <summary>In PEM, one after the other.</summary>
    internal static string Pem(params IEnumerable<X509Certificate2> certificates) =>
        string.Concat(certificates.Select(certificate => $"{certificate.ExportCertificatePem()}\n"));

    /// <summary>As files for a server.</summary>
    /// <param name="folder">Where they go.</param>
    /// <param name="chain">The server's own first; then what it sends with it.</param>
    internal static TestCertificate Write(string folder, params IReadOnlyList<X509Certificate2> chain)
    {
        var files = new TestCertificate(Path.Combine(folder, "chain.pem"), Path.Combine(folder, "chain.key"));
        File.WriteAllText(files.CertFile, Pem(chain));
        File.WriteAllText(files.KeyFile, chain[0].GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem());
        return files;
    }

    private static IEnumerable<X509Extension> Extensions(
        CertificateRequest request, X509Certificate2? issuer, CertificateShape shape)
    {
        var ownKey = new X509SubjectKeyIdentifierExtension(request.PublicKey, false);
        yield return ownKey;
        if (issuer is not null && shape.NamesIssuerKey)
        {
            yield return X509AuthorityKeyIdentifierExtension.CreateFromSubjectKeyIdentifier(
                issuer.Extensions.OfType<X509SubjectKeyIdentifierExtension>().First());
        }

        if (shape.IsAuthority is { } isAuthority)
        {
            yield return new X509BasicConstraintsExtension(
                isAuthority, shape.PathLength is not null, shape.PathLength ?? 0, true);
        }

        if (shape.KeyUsage is { } usage)
        {
            yield return new X509KeyUsageExtension(usage, true);
        }

        if (shape.Purposes.Count > 0)
        {
            OidCollection purposes = [];
            foreach (string purpose in shape.Purposes)
            {
                purposes.Add(new Oid(purpose));
            }

            yield return new X509EnhancedKeyUsageExtension(purposes, false);
        }

        if (shape.Hosts.Count > 0)
        {
            yield return Names(shape.Hosts);
        }

        if (shape.Extra is { } extra)
        {
            yield return extra;
        }
    }

    private static X509Extension Names(IReadOnlyList<string> hosts)
    {
        var names = new SubjectAlternativeNameBuilder();
        foreach (string host in hosts)
        {
            if (IPAddress.TryParse(host, out IPAddress? address))
            {
                names.AddIpAddress(address);
            }
            else
            {
                names.AddDnsName(host);
            }
        }

        return names.Build();
    }
}
