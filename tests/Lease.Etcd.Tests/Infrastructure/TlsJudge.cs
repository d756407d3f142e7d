using System;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Overlay.Lease.Etcd.Client;

namespace Overlay.Lease.Etcd.Tests;

/// <summary>Chains of certificates before <see cref="EtcdTlsVerdict"/>, as SslStream brings them there.</summary>
internal static class TlsJudge
{
    /// <summary>The name that the server must have.</summary>
    internal const string Host = "127.0.0.1";

    /// <summary>A moment, as sentences have it.</summary>
    internal static string Day(DateTime time) => $"{time.ToUniversalTime():yyyy-MM-dd HH:mm} UTC";

    /// <param name="shown">The server's own.</param>
    /// <param name="sent">What it sends with it.</param>
    /// <param name="file">What <c>ca.pem</c> holds.</param>
    internal static string? Judge(X509Certificate2 shown, X509Certificate2[] sent, X509Certificate2[] file) =>
        Judge(shown, sent, EtcdTlsAuthorities.Of("ca.pem", CertificateMaker.Pem(file)));

    /// <param name="shown">The server's own.</param>
    /// <param name="sent">What it sends with it.</param>
    /// <param name="authorities">Who is trusted.</param>
    internal static string? Judge(X509Certificate2 shown, X509Certificate2[] sent, EtcdTlsAuthorities authorities)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy = authorities.Policy?.Clone() ?? new X509ChainPolicy
        {
            RevocationMode = X509RevocationMode.NoCheck,
        };
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid(CertificateMaker.ForServers));
        chain.ChainPolicy.ExtraStore.AddRange(sent);
        SslPolicyErrors errors = chain.Build(shown)
            ? SslPolicyErrors.None
            : SslPolicyErrors.RemoteCertificateChainErrors;
        errors |= shown.MatchesHostname(Host)
            ? SslPolicyErrors.None
            : SslPolicyErrors.RemoteCertificateNameMismatch;
        return EtcdTlsVerdict.Judge(Host, shown, chain, errors, authorities);
    }
}
