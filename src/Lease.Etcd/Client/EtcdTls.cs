using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Overlay.Lease.Etcd.Client;

/// <summary>Certificates: ours, whom we trust, and what was wrong with the one that a member showed.</summary>
internal sealed class EtcdTls
{
    private readonly string? _caFile, _certFile;
    private readonly X509Certificate2? _own;

    private volatile string? _problem;

    /// <summary>Reads the files.</summary>
    /// <exception cref="EtcdException">One is missing or cannot be used.</exception>
    internal EtcdTls(EtcdOptions options)
    {
        _caFile = options.CaFile;
        _certFile = options.CertFile;
        Options = new SslClientAuthenticationOptions
        {
            EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
            CertificateRevocationCheckMode = X509RevocationMode.NoCheck, // etcd's own authorities publish no lists
            RemoteCertificateValidationCallback = Accept,
        };
        if (options.CaFile is not null)
        {
            Options.CertificateChainPolicy = ReadAuthorities(options.CaFile);
        }

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

        // "error:0A000412:SSL routines::sslv3 alert bad certificate" is what a member says of our certificate.
        int alert = failure.Message.IndexOf(" alert ", StringComparison.Ordinal);
        if (_problem is not null || alert < 0)
        {
            return _problem;
        }

        string said = failure.Message[(alert + 1)..];
        bool isAboutUs = said.Contains("certificate", StringComparison.Ordinal)
            || said.Contains("unknown ca", StringComparison.Ordinal);
        return (isAboutUs, _own) switch
        {
            (false, _) => $"it ended the TLS handshake: {said}",
            (true, null) => $"it wants a certificate of ours, and none is given ({said})",
            (true, { } own) when own.NotAfter.ToUniversalTime() < TimeProvider.System.GetUtcNow() =>
                $"our certificate {_certFile} expired on {Day(own.NotAfter)}",
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

    private static X509ChainPolicy ReadAuthorities(string file)
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
        };
        string text = Read("CA", file);
        try
        {
            policy.CustomTrustStore.ImportFromPem(text);
        }
        catch (CryptographicException problem)
        {
            throw new EtcdException($"etcd CA file {file}: cannot be used: {problem.Message}", problem);
        }

        return policy.CustomTrustStore.Count > 0
            ? policy
            : throw new EtcdException(
                $"etcd CA file {file}: holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)");
    }

    private static SslStreamCertificateContext ReadOwn(string certFile, string keyFile, out X509Certificate2 own)
    {
        string certificates = Read("certificate", certFile), key = Read("key", keyFile);
        if (key.Contains("ENCRYPTED", StringComparison.Ordinal))
        {
            throw new EtcdException($"etcd key file {keyFile}: is encrypted; a key without passphrase is needed");
        }

        var chain = new X509Certificate2Collection();
        try
        {
            chain.ImportFromPem(certificates);
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
        _problem = errors == SslPolicyErrors.None ? null : Describe(
            ((SslStream)sender).TargetHostName, shown as X509Certificate2, chain, errors);
        return errors == SslPolicyErrors.None;
    }

    // One reason, the most telling: who renews an expired certificate sees the next one.
    private string Describe(string name, X509Certificate2? shown, X509Chain? chain, SslPolicyErrors errors)
    {
        if (shown is null || errors.HasFlag(SslPolicyErrors.RemoteCertificateNotAvailable))
        {
            return "it shows no certificate";
        }

        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateChainErrors) && chain is not null)
        {
            foreach (X509ChainElement element in chain.ChainElements)
            {
                if (element.ChainElementStatus.Any(status => status.Status.HasFlag(X509ChainStatusFlags.NotTimeValid)))
                {
                    return Outdated(element.Certificate, isLeaf: element.Certificate.Equals(shown));
                }
            }

            X509ChainStatusFlags all = chain.ChainStatus.Aggregate(
                X509ChainStatusFlags.NoError, (flags, status) => flags | status.Status);
            if ((all & (X509ChainStatusFlags.UntrustedRoot | X509ChainStatusFlags.PartialChain)) != 0)
            {
                string trusted = _caFile is null ? "the system's authorities" : $"CA file {_caFile}";
                return $"its certificate is signed by \"{shown.Issuer}\", which {trusted} "
                    + $"{(_caFile is null ? "do" : "does")} not hold";
            }

            return "its certificate cannot be trusted: "
                + $"{string.Join(", ", chain.ChainStatus.Select(status => status.Status))}";
        }

        return $"its certificate is for {string.Join(", ", NamesOf(shown))}, not for {name}";
    }

    private static string Outdated(X509Certificate2 certificate, bool isLeaf)
    {
        string whose = isLeaf ? "its certificate" : $"the certificate of its authority \"{certificate.Subject}\"";
        return certificate.NotAfter.ToUniversalTime() < TimeProvider.System.GetUtcNow()
            ? $"{whose} expired on {Day(certificate.NotAfter)}"
            : $"{whose} is not valid before {Day(certificate.NotBefore)}; is the clock right?";
    }

    private static IReadOnlyList<string> NamesOf(X509Certificate2 certificate)
    {
        X509SubjectAlternativeNameExtension? names =
            certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>().FirstOrDefault();
        return names is null
            ? ["no name at all"]
            : [.. names.EnumerateDnsNames(), .. names.EnumerateIPAddresses().Select(address => $"{address}")];
    }

    private static string Day(DateTime time) => $"{time.ToUniversalTime():yyyy-MM-dd HH:mm} UTC";
}
