using System;
using System.Collections.Generic;
using System.IO;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Overlay.Testing;

/// <summary>A certificate and its key, as PEM files.</summary>
/// <param name="CertFile">The certificate.</param>
/// <param name="KeyFile">The key, not encrypted.</param>
public sealed record TestCertificate(string CertFile, string KeyFile);

/// <summary>An authority that signs what a test asks for.</summary>
public sealed class TestAuthority : IDisposable
{
    private readonly string _folder;
    private readonly X509Certificate2 _certificate;

    /// <param name="folder">Where the files go.</param>
    /// <param name="name">Of the authority, and of its file.</param>
    public TestAuthority(string folder, string name = "authority")
    {
        _folder = folder;
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        _certificate = request.CreateSelfSigned(now.AddYears(-2), now.AddYears(2));
        CaFile = Path.Combine(folder, $"{name}.pem");
        File.WriteAllText(CaFile, _certificate.ExportCertificatePem());
    }

    /// <summary>Its own certificate.</summary>
    public string CaFile { get; }

    /// <summary>Signs a certificate for client and server.</summary>
    /// <param name="name">Of the subject, and of the files.</param>
    /// <param name="hosts">Names and addresses of the server.</param>
    /// <param name="expired">True for one that was good until yesterday.</param>
    public TestCertificate Issue(string name, IEnumerable<string> hosts, bool expired = false)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
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

        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(
            new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1"), new Oid("1.3.6.1.5.5.7.3.2")], false));
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        using X509Certificate2 certificate = request.Create(
            _certificate, now.AddDays(-30), now.AddDays(expired ? -1 : 30), RandomNumberGenerator.GetBytes(12));
        var issued = new TestCertificate(Path.Combine(_folder, $"{name}.pem"), Path.Combine(_folder, $"{name}.key"));
        File.WriteAllText(issued.CertFile, certificate.ExportCertificatePem());
        File.WriteAllText(issued.KeyFile, key.ExportPkcs8PrivateKeyPem());
        return issued;
    }

    public void Dispose() => _certificate.Dispose();
}
