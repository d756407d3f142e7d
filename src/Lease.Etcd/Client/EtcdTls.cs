using System;
using System.IO;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Overlay.Lease.Etcd.Client;

/// <summary>Certificates: ours, whom we trust, and what was wrong with the one that a member showed.</summary>
internal sealed class EtcdTls
{
    private const string Ed25519 = "1.3.101.112", Ed448 = "1.3.101.113"; // RFC 8410, section 3

    private readonly string? _certFile;
    private readonly X509Certificate2? _own;
    private readonly EtcdTlsAuthorities _authorities;

    private volatile string? _problem;

    /// <summary>Reads the files.</summary>
    /// <exception cref="EtcdException">One is missing or cannot be used.</exception>
    internal EtcdTls(EtcdOptions options)
    {
        _authorities = options.CaFile is { } file
            ? EtcdTlsAuthorities.Of(file, Read("CA", file))
            : EtcdTlsAuthorities.OfSystem();
        _certFile = options.CertFile;
        Options = new SslClientAuthenticationOptions
        {
            EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
            CertificateRevocationCheckMode = X509RevocationMode.NoCheck, // etcd's own authorities publish no lists
            CertificateChainPolicy = _authorities.Policy,
            RemoteCertificateValidationCallback = Accept,
        };
        if (options.CertFile is not null || options.KeyFile is not null)
        {
            if (options.CertFile is null || options.KeyFile is null)
            {
                throw new EtcdException(
                    "etcd certificate file and key file: only one of them is given; both are needed");
            }

            Options.ClientCertificateContext = ReadOwn(options.CertFile, options.KeyFile, out _own);
        }
    }

    /// <summary>For the handler.</summary>
    internal SslClientAuthenticationOptions Options { get; }

    /// <summary>Why a handshake failed, as far as certificates are the reason; null for another reason.</summary>
    /// <param name="failure">What it ended with.</param>
    internal string? Explain(Exception failure)
    {
        while (failure.InnerException is { } inner)
        {
            failure = inner;
        }

        // "error:0A000412:SSL routines::sslv3 alert bad certificate" is what a member says of our certificate. What we
        // refuse ends in the exception of .NET itself.
        int alert = failure.Message.IndexOf(" alert ", StringComparison.Ordinal);
        if (alert < 0)
        {
            return failure is AuthenticationException ? _problem : null;
        }

        string said = failure.Message[(alert + 1)..];
        bool isAboutUs = said.Contains("certificate", StringComparison.Ordinal)
            || said.Contains("unknown ca", StringComparison.Ordinal);
        return (isAboutUs, _own) switch
        {
            (false, _) => $"it ended the TLS handshake: {said}",
            (true, null) => $"it wants a certificate of ours, and none is given ({said})",
            (true, { } own) when EtcdTlsVerdict.FindWrongDate($"our certificate {_certFile}", own) is { } wrongDate =>
                wrongDate,
            _ => $"it does not accept our certificate {_certFile} ({said})",
        };
    }

    /// <summary>What <see cref="Options"/> say, for a handshake outside the handler.</summary>
    internal SslClientAuthenticationOptions OptionsFor(string host) => new()
    {
        TargetHost = host,
        ApplicationProtocols = [SslApplicationProtocol.Http2],
        EnabledSslProtocols = Options.EnabledSslProtocols,
        CertificateRevocationCheckMode = Options.CertificateRevocationCheckMode,
        CertificateChainPolicy = Options.CertificateChainPolicy,
        ClientCertificateContext = Options.ClientCertificateContext,
        RemoteCertificateValidationCallback = Accept,
    };

    private static SslStreamCertificateContext ReadOwn(string certFile, string keyFile, out X509Certificate2 own)
    {
        string certificates = Read("certificate", certFile), key = Read("key", keyFile);
        if (key.Contains("-----BEGIN ENCRYPTED PRIVATE KEY-----", StringComparison.Ordinal)
            || key.Contains("Proc-Type: 4,ENCRYPTED", StringComparison.Ordinal)) // RFC 7468, section 11; RFC 1421
        {
            throw new EtcdException($"etcd key file {keyFile}: is encrypted; a key without passphrase is needed");
        }

        if (!key.Contains("PRIVATE KEY-----", StringComparison.Ordinal))
        {
            throw new EtcdException($"etcd key file {keyFile}: holds no key in PEM form (-----BEGIN PRIVATE KEY-----)");
        }

        var chain = new X509Certificate2Collection();
        try
        {
            chain.ImportFromPem(certificates);
            if (chain.Count == 0)
            {
                throw new EtcdException(
                    $"etcd certificate file {certFile}: holds no certificate in PEM form "
                        + "(-----BEGIN CERTIFICATE-----)");
            }

            // .NET has no such keys, and an authority's or a member's is no matter: those OpenSSL looks at.
            if (chain[0].GetKeyAlgorithm() is Ed25519 or Ed448)
            {
                throw new EtcdException(
                    $"etcd certificate file {certFile}: is for a key of the kind Ed25519 or Ed448, which .NET cannot "
                        + "use; get one for an ECDSA (P-256) or RSA key");
            }

            own = X509Certificate2.CreateFromPem(certificates, key);
        }
        catch (Exception problem) when (problem is CryptographicException or ArgumentException)
        {
            throw new EtcdException(
                $"etcd certificate file {certFile} and key file {keyFile}: cannot be used together: "
                    + $"{problem.Message}", problem);
        }

        return SslStreamCertificateContext.Create(own, chain, offline: true);
    }

    private static string Read(string what, string file)
    {
        try
        {
            return RegularFile.ReadAllText(file);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            throw new EtcdException($"etcd {what} file {file}: cannot be read: {problem.Message}", problem);
        }
    }

    private bool Accept(object sender, X509Certificate? shown, X509Chain? chain, SslPolicyErrors errors)
    {
        _problem = EtcdTlsVerdict.Judge(
            ((SslStream)sender).TargetHostName, shown as X509Certificate2, chain, errors, _authorities);
        return _problem is null;
    }
}
