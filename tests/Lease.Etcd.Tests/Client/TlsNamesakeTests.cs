using System;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Overlay.Lease.Etcd.Client;
using Xunit;
using static Overlay.Lease.Etcd.Tests.CertificateMaker;
using static Overlay.Lease.Etcd.Tests.TlsJudge;

namespace Overlay.Lease.Etcd.Tests.Client;

/// <summary>
/// Authorities that OpenSSL does not find, by reason of names or key identifiers, and that have signed: a server's
/// certificate and its authority's both called <c>/O=Widgits</c>, say.
/// </summary>
public sealed class TlsNamesakeTests
{
    private const string Name = "Widgits";
    private const string Refused = "its certificate names itself as its issuer (\"CN=Widgits\"), but is not signed by "
        + "its own key, and CA file ca.pem holds no certificate of that name whose key has signed it";

    private static readonly CertificateShape s_bare = CertificateShape.Server with { NamesIssuerKey = false };
    private static readonly CertificateShape s_misled = new()
    {
        NamesIssuerKey = false,
        Extra = X509AuthorityKeyIdentifierExtension.CreateFromSubjectKeyIdentifier(new byte[20]),
    };

    private static readonly X509Certificate2 s_root = Make(Name);

    [Fact]
    public void A_namesake_of_its_authority_is_believed_by_the_signature()
    {
        X509Certificate2 server = Make(Name, s_root, s_bare);
        Assert.Null(Judge(server, sent: [], file: [s_root]));
        Assert.Null(Judge(server, sent: [s_root], file: [s_root]));
        Assert.Null(Judge(server, sent: [], file: [Make(Name), s_root, Make("other")]));

        X509Certificate2 inter = Make(Name, s_root, new CertificateShape { NamesIssuerKey = false });
        Assert.Null(Judge(Make("server", inter, CertificateShape.Server), sent: [inter], file: [s_root]));
    }

    [Fact]
    public void An_authority_with_another_key_identifier_than_is_named_is_believed_by_the_signature()
    {
        X509Certificate2 server = Make("server", s_root, s_misled with { IsAuthority = null, Hosts = [Host] });
        Assert.Null(Judge(server, sent: [], file: [s_root]));
        Assert.Equal(
            "its certificate is signed by \"CN=Widgits\"; the certificate of \"CN=Widgits\" in CA file ca.pem is not "
                + "the one that signed",
            Judge(server, sent: [], file: [Make(Name)]));
    }

    [Fact]
    public void A_namesake_that_nobody_of_the_file_has_signed_is_not_said_to_have_signed_itself()
    {
        X509Certificate2 server = Make(Name, Make(Name), s_bare);
        Assert.Equal(Refused, Judge(server, sent: [], file: [s_root]));
        Assert.Equal(Refused, Judge(server, sent: [], file: [Make("other")]));
        Assert.Equal(
            "its certificate is signed by itself (\"CN=Widgits\"), and CA file ca.pem does not hold it",
            Judge(Make(Name, issuer: null, s_bare), sent: [], file: [s_root]));

        // Its algorithm is one that .NET cannot verify.
        Assert.Equal(
            "its certificate names itself as its issuer (\"CN=ed25519\"), and CA file ca.pem does not hold it; if "
                + "another authority of that name has signed it, reissue it with a subject of its own",
            Judge(X509Certificate2.CreateFromPem(Ed25519.Certificate), sent: [], file: [s_root]));
    }

    [Fact]
    public void What_is_checked_of_other_authorities_is_checked_of_a_namesake()
    {
        X509Certificate2 over = Make(Name, issuer: null, new CertificateShape { Days = (-30, -1) });
        Assert.Equal(
            $"the certificate of its authority \"CN=Widgits\" expired on {Day(over.NotAfter)}", Under(over));

        const string MayNot = "\"CN=Widgits\", which signed its certificate, may not do so: its own certificate is ";
        foreach (bool? isAuthority in (bool?[])[false, null])
        {
            Assert.Equal(
                MayNot + "not one of an authority (basic constraints)",
                Under(Make(Name, issuer: null, new CertificateShape { IsAuthority = isAuthority })));
        }

        var mute = new CertificateShape { KeyUsage = X509KeyUsageFlags.DigitalSignature };
        Assert.Equal(
            MayNot + "not for signing certificates (key usage)", Under(Make(Name, issuer: null, mute)));
        Assert.Equal(
            "the certificate of its authority \"CN=Widgits\" is not for servers (extended key usage)",
            Under(Make(Name, issuer: null, new CertificateShape { Purposes = [ForClients] })));

        // permittedSubtrees with one dNSName (RFC 5280, 4.2.1.10).
        byte[] onlyOther = [0x30, 0x0f, 0xa0, 0x0d, 0x30, 0x0b, 0x82, 0x09, .. "other.com"u8];
        var narrow = new CertificateShape { Extra = new X509Extension("2.5.29.30", onlyOther, critical: true) };
        Assert.Equal(
            "the certificate of its authority \"CN=Widgits\" has name constraints, which are checked only where "
                + "OpenSSL finds it by its name and key identifier; reissue the one of \"CN=Widgits\" with a subject "
                + "of its own and the key identifier of its authority",
            Under(Make(Name, issuer: null, narrow)));
        var unknown = new CertificateShape { Extra = new X509Extension("1.2.3.4.5", [5, 0], critical: true) };
        Assert.Equal(
            "the certificate of its authority \"CN=Widgits\" has a critical extension that is not known here",
            Under(Make(Name, issuer: null, unknown)));

        static string? Under(X509Certificate2 root) => Judge(Make(Name, root, s_bare), sent: [], file: [root]);
    }

    [Fact]
    public void The_path_length_of_a_namesake_counts()
    {
        X509Certificate2 last = Make(Name, issuer: null, new CertificateShape { PathLength = 0 });
        X509Certificate2 below = Make("below", last, s_misled);
        X509Certificate2 server = Make("server", below, CertificateShape.Server);
        Assert.Equal(
            "\"CN=Widgits\", which signed the one of \"CN=below\", may not do so: it may have no more than 0 "
                + "authorities below it (path length)",
            Judge(server, sent: [below], file: [last]));
        Assert.Null(Judge(Make(Name, last, s_bare), sent: [], file: [last]));
    }

    [Fact]
    public void What_is_checked_of_other_servers_is_checked_of_a_namesake()
    {
        X509Certificate2 late = Make(Name, s_root, s_bare with { Days = (-30, -1) });
        Assert.Equal($"its certificate expired on {Day(late.NotAfter)}", Judge(late, sent: [], file: [s_root]));
        Assert.Equal(
            "its certificate is not for servers (extended key usage)",
            Judge(Make(Name, s_root, s_bare with { Purposes = [ForClients] }), sent: [], file: [s_root]));
        Assert.Equal(
            "its certificate has a critical extension that is not known here",
            Judge(
                Make(Name, s_root, s_bare with { Extra = new X509Extension("1.2.3.4.5", [5, 0], critical: true) }),
                sent: [],
                file: [s_root]));
        Assert.Equal(
            "its certificate is for etcd.example, not for 127.0.0.1",
            Judge(Make(Name, s_root, s_bare with { Hosts = ["etcd.example"] }), sent: [], file: [s_root]));
    }

    [Fact]
    public void A_signature_fits_one_key_and_one_content()
    {
        X509Certificate2 server = Make("server", s_root, s_bare);
        Assert.True(CertificateSignature.Fits(server, s_root));
        Assert.True(CertificateSignature.Fits(s_root, s_root));
        Assert.False(CertificateSignature.Fits(server, Make(Name)));
        byte[] changed = server.RawData;
        changed[changed.AsSpan().IndexOf("server"u8)] ^= 1; // a letter of its name: all lengths are as they were
        Assert.NotEqual(true, CertificateSignature.Fits(X509CertificateLoader.LoadCertificate(changed), s_root));

        using var rsa = RSA.Create(2048);
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        X509Certificate2 self = Request(RSASignaturePadding.Pkcs1).CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        Assert.True(CertificateSignature.Fits(self, self));
        Assert.False(CertificateSignature.Fits(self, s_root));
        Assert.False(CertificateSignature.Fits(server, self));
        self = Request(RSASignaturePadding.Pss).CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        Assert.Null(CertificateSignature.Fits(self, self));

        CertificateRequest Request(RSASignaturePadding padding) =>
            new("CN=rsa", rsa, HashAlgorithmName.SHA256, padding);
    }
}
