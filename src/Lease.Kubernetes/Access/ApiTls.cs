using System.Linq;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Overlay.Lease.Kubernetes.Access;

/// <summary>
/// Certificates: the server's, and ours. Files are read again at each handshake, so that those that were replaced count
/// from the next connection on.
/// </summary>
/// <param name="access">Whom to trust, and what to show.</param>
internal sealed class ApiTls(ApiAccess access)
{
    private volatile string? _problem;

    /// <summary>Why the latest handshake has failed, as far as it is known here; null for another reason.</summary>
    internal string? Problem => _problem;

    /// <summary>Whether the files that are there now can be used.</summary>
    /// <exception cref="LeaseStoreException">One cannot.</exception>
    internal void Check()
    {
        if (access.Authorities is { } authorities && !access.IsUnverified)
        {
            _ = Import(authorities);
        }

        _ = Own();
    }

    /// <summary>For the handler.</summary>
    internal SslClientAuthenticationOptions Options() => new()
    {
        EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
        CertificateRevocationCheckMode = X509RevocationMode.NoCheck, // a cluster's authority publishes no list
        RemoteCertificateValidationCallback = Accept,
        LocalCertificateSelectionCallback = (_, _, _, _, _) => OwnNow()!,
    };

    private bool Accept(object sender, X509Certificate? shown, X509Chain? chain, SslPolicyErrors errors)
    {
        try
        {
            _problem = access.IsUnverified ? null : Judge(shown as X509Certificate2, chain, errors);
        }
        catch (LeaseStoreException problem)
        {
            _problem = problem.Message;
        }

        return _problem is null;
    }

    private string? Judge(X509Certificate2? shown, X509Chain? chain, SslPolicyErrors errors)
    {
        if (shown is null)
        {
            return "it shows no certificate";
        }

        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch))
        {
            return $"its certificate is not for {access.ServerName ?? access.Server.IdnHost}";
        }

        if (access.Authorities is not { } authorities)
        {
            return errors == SslPolicyErrors.None ? null : "its certificate is signed by nobody this host trusts";
        }

        using var own = new X509Chain();
        own.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        own.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        own.ChainPolicy.DisableCertificateDownloads = true;
        own.ChainPolicy.CustomTrustStore.AddRange(Import(authorities));
        if (chain is not null)
        {
            own.ChainPolicy.ExtraStore.AddRange(chain.ChainPolicy.ExtraStore);
        }

        return own.Build(shown)
            ? null
            : $"its certificate is not to be trusted by {authorities.Name}: "
                + OneLine.Shorten(string.Join(", ", own.ChainStatus.Select(each => each.StatusInformation)));
    }

    // In a handshake there is nobody to tell.
    private X509Certificate2? OwnNow()
    {
        try
        {
            return Own();
        }
        catch (LeaseStoreException problem)
        {
            _problem = problem.Message;
            return null;
        }
    }

    private X509Certificate2? Own()
    {
        if (access.Certificate is not { } certificate)
        {
            return null;
        }

        if (access.Key is not { } key)
        {
            throw new LeaseStoreException($"{certificate.Name} is given without client-key; give both");
        }

        try
        {
            return X509Certificate2.CreateFromPem(certificate.Read(), key.Read());
        }
        catch (CryptographicException problem)
        {
            throw new LeaseStoreException(
                $"{certificate.Name} and {key.Name} cannot be used together: {problem.Message}", problem);
        }
    }

    private static X509Certificate2Collection Import(Credential from)
    {
        var found = new X509Certificate2Collection();
        try
        {
            found.ImportFromPem(from.Read());
        }
        catch (CryptographicException problem)
        {
            throw new LeaseStoreException($"{from.Name} cannot be used: {problem.Message}", problem);
        }

        return found.Count > 0
            ? found
            : throw new LeaseStoreException(
                $"{from.Name} holds no certificate in PEM form (-----BEGIN CERTIFICATE-----); put one into it");
    }
}
