using System;
using System.Linq;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Overlay.Lease.Etcd.Client;
using Xunit;
using static Overlay.Lease.Etcd.Tests.CertificateMaker;
using static Overlay.Lease.Etcd.Tests.TlsJudge;

namespace Overlay.Lease.Etcd.Tests.Client;

/// <summary>
/// Which chains are believed: those that Go's crypto/x509 believes with the same CA file. And what is said of the
/// others, each word of which is true.
/// </summary>
public sealed class TlsVerdictTests
{
    private static readonly X509Certificate2 s_root = Make("root");
    private static readonly X509Certificate2 s_inter = Make("inter", s_root);
    private static readonly X509Certificate2 s_server = Make("server", s_inter, CertificateShape.Server);

    [Fact]
    public void Any_certificate_of_the_file_is_enough_whether_it_signed_itself_or_not()
    {
        Assert.Null(Judge(s_server, sent: [], file: [s_inter]));
        Assert.Null(Judge(s_server, sent: [s_inter], file: [s_inter]));
        Assert.Null(Judge(s_server, sent: [s_inter, s_root], file: [s_inter]));
        Assert.Null(Judge(s_server, sent: [s_inter], file: [s_root]));
        Assert.Null(Judge(s_server, sent: [], file: [Make("other"), s_inter, s_root]));

        X509Certificate2 lower = Make("lower", s_inter), server = Make("server", lower, CertificateShape.Server);
        Assert.Null(Judge(server, sent: [lower], file: [s_inter]));
    }

    [Fact]
    public void The_servers_own_certificate_in_the_file_is_enough_for_that_server_alone()
    {
        X509Certificate2 self = Make("self", issuer: null, CertificateShape.Server);
        Assert.Null(Judge(s_server, sent: [s_inter], file: [s_server]));
        Assert.Null(Judge(s_server, sent: [], file: [s_server]));
        Assert.Null(Judge(self, sent: [], file: [self]));
        Assert.Equal(
            "its certificate is signed by itself (\"CN=self\"), and CA file ca.pem does not hold it",
            Judge(self, sent: [], file: [s_root]));
        Assert.Equal(
            "its certificate is signed by itself (\"CN=self\"), and CA file ca.pem does not hold it",
            Judge(Make("self", issuer: null, CertificateShape.Server), sent: [], file: [self]));
    }

    [Fact]
    public void An_authority_that_the_file_does_not_hold_is_named_with_all_that_would_be_enough()
    {
        Assert.Equal(
            "its certificate is signed by \"CN=inter\", which CA file ca.pem does not hold",
            Judge(s_server, sent: [], file: [Make("other")]));
        Assert.Equal(
            "its certificate is signed by \"CN=inter\", and that by \"CN=root\"; CA file ca.pem holds none of these",
            Judge(s_server, sent: [s_inter], file: [Make("other")]));
        Assert.Equal(
            "its certificate is signed by \"CN=inter\", and that by \"CN=root\"; CA file ca.pem holds none of these",
            Judge(s_server, sent: [s_inter, s_root], file: [Make("other", s_root)]));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_namesake_of_the_authority_is_not_the_authority(bool namesKey)
    {
        X509Certificate2 stranger = Make("inter");
        X509Certificate2 server = Make("server", stranger, CertificateShape.Server with { NamesIssuerKey = namesKey });
        Assert.Equal(
            namesKey
                ? "its certificate is signed by \"CN=inter\"; the certificate of \"CN=inter\" in CA file ca.pem is not "
                    + "the one that signed"
                : "the signature of its certificate does not fit the certificate of \"CN=inter\" in CA file ca.pem",
            Judge(server, sent: [], file: [s_inter]));
        Assert.NotNull(Judge(server, sent: [stranger], file: [s_inter]));
        Assert.NotNull(Judge(server, sent: [stranger], file: [s_inter, s_root]));

        // The same name and the same key, and not the certificate that was given out.
        X509Certificate2 again = Make("inter", stranger, new CertificateShape { Key = s_inter.GetECDsaPrivateKey() });
        Assert.NotNull(Judge(s_server, sent: [s_inter, s_root], file: [Make("root")]));
        Assert.Null(Judge(s_server, sent: [again, stranger], file: [s_inter]));
    }

    [Fact]
    public void An_authority_of_the_file_has_its_dates_checked_wherever_it_stands()
    {
        X509Certificate2 over = Make("over", s_root, new CertificateShape { Days = (-30, -1) });
        X509Certificate2 server = Make("server", over, CertificateShape.Server);
        string expired = $"the certificate of its authority \"CN=over\" expired on {Day(over.NotAfter)}";
        Assert.Equal(expired, Judge(server, sent: [], file: [over]));
        Assert.Equal(expired, Judge(server, sent: [over, s_root], file: [over]));

        X509Certificate2 early = Make("early", s_root, new CertificateShape { Days = (1, 30) });
        Assert.Equal(
            $"the certificate of its authority \"CN=early\" is not valid before {Day(early.NotBefore)}; is the clock "
                + "right?",
            Judge(Make("server", early, CertificateShape.Server), sent: [], file: [early]));

        X509Certificate2 late = Make("server", s_inter, CertificateShape.Server with { Days = (-30, -1) });
        Assert.Equal(
            $"its certificate expired on {Day(late.NotAfter)}", Judge(late, sent: [], file: [s_inter]));
        Assert.NotNull(Judge(late, sent: [], file: [late]));
    }

    [Fact]
    public void What_has_expired_beside_or_above_an_authority_of_the_file_is_no_matter()
    {
        // As with a cross-signed root: one key, an expired certificate and a valid one.
        X509Certificate2 oldRoot = Make("old root", issuer: null, new CertificateShape { Days = (-60, -1) });
        X509Certificate2 crossed = Make("root", oldRoot, new CertificateShape { Key = s_root.GetECDsaPrivateKey() });
        X509Certificate2 expired = Make(
            "root", issuer: null, new CertificateShape { Key = s_root.GetECDsaPrivateKey(), Days = (-60, -1) });
        Assert.Null(Judge(s_server, sent: [s_inter, crossed, oldRoot], file: [s_root]));
        Assert.Null(Judge(s_server, sent: [s_inter], file: [expired, s_root]));
        Assert.Null(Judge(s_server, sent: [s_inter, crossed], file: [oldRoot, crossed]));

        X509Certificate2 inter = Make("crossed inter", oldRoot);
        X509Certificate2 server = Make("server", inter, CertificateShape.Server);
        Assert.Null(Judge(server, sent: [inter, oldRoot], file: [inter]));
    }

    [Fact]
    public void Who_may_not_sign_is_no_authority_because_the_file_holds_it()
    {
        X509Certificate2 bare = Make("bare", s_root, CertificateShape.Server);
        X509Certificate2 no = Make("no", s_root, new CertificateShape { IsAuthority = false });
        X509Certificate2 without = Make("without", s_root, new CertificateShape { IsAuthority = null });
        X509Certificate2 plain = Make("plain", issuer: null, CertificateShape.Server);
        foreach (X509Certificate2 signer in (X509Certificate2[])[bare, no, without, plain])
        {
            X509Certificate2 server = Make("server", signer, CertificateShape.Server);
            string why = $"\"{signer.Subject}\", which signed its certificate, may not do so: its own certificate is "
                + "not one of an authority (basic constraints)";
            Assert.Equal(why, Judge(server, sent: [], file: [signer]));
            Assert.Equal(why, Judge(server, sent: [signer, s_root], file: [signer]));
            Assert.Equal(why, Judge(server, sent: [signer], file: [signer, s_root]));
        }

        X509Certificate2 mute = Make(
            "mute", s_root, new CertificateShape { KeyUsage = X509KeyUsageFlags.DigitalSignature });
        Assert.Equal(
            "\"CN=mute\", which signed its certificate, may not do so: its own certificate is not for signing "
                + "certificates (key usage)",
            Judge(Make("server", mute, CertificateShape.Server), sent: [], file: [mute]));

        X509Certificate2 last = Make("last", s_root, new CertificateShape { PathLength = 0 });
        X509Certificate2 below = Make("below", last);
        Assert.Null(Judge(Make("server", last, CertificateShape.Server), sent: [], file: [last]));
        Assert.Equal(
            "\"CN=last\", which signed the one of \"CN=below\", may not do so: it may have no more than 0 authorities "
                + "below it (path length)",
            Judge(Make("server", below, CertificateShape.Server), sent: [below], file: [last]));
    }

    [Fact]
    public void What_an_authority_of_the_file_may_vouch_for_is_kept_to()
    {
        X509Certificate2 forClients = Make("for clients", s_root, new CertificateShape { Purposes = [ForClients] });
        Assert.Equal(
            "the certificate of its authority \"CN=for clients\" is not for servers (extended key usage)",
            Judge(Make("server", forClients, CertificateShape.Server), sent: [], file: [forClients]));

        X509Certificate2 client = Make("client", s_inter, CertificateShape.Server with { Purposes = [ForClients] });
        const string NotForServers = "its certificate is not for servers (extended key usage)";
        Assert.Equal(NotForServers, Judge(client, sent: [], file: [s_inter]));
        Assert.Equal(NotForServers, Judge(client, sent: [], file: [client]));

        // Only names below "other.com" (RFC 5280, 4.2.1.10): permittedSubtrees with one dNSName.
        byte[] onlyOther = [0x30, 0x0f, 0xa0, 0x0d, 0x30, 0x0b, 0x82, 0x09, .. "other.com"u8];
        X509Certificate2 narrow = Make(
            "narrow", s_root, new CertificateShape { Extra = new X509Extension("2.5.29.30", onlyOther, true) });
        Assert.Equal(
            "its certificate has a name that an authority above it may not sign for (name constraints)",
            Judge(Make("server", narrow, CertificateShape.Server), sent: [], file: [narrow]));

        var unknown = new X509Extension("1.2.3.4.5", [5, 0], critical: true);
        Assert.Equal(
            "its certificate has a critical extension that is not known here",
            Judge(Make("server", s_inter, CertificateShape.Server with { Extra = unknown }), [], [s_inter]));
    }

    [Fact]
    public void The_name_must_fit_whoever_signed()
    {
        X509Certificate2 other = Make(
            "other", s_inter, CertificateShape.Server with { Hosts = ["etcd.example", "10.9.8.7"] });
        const string Why = "its certificate is for etcd.example, 10.9.8.7, not for 127.0.0.1";
        Assert.Equal(Why, Judge(other, sent: [], file: [s_inter]));
        Assert.Equal(Why, Judge(other, sent: [], file: [other]));
        Assert.Equal(Why, Judge(other, sent: [s_inter], file: [s_root]));
        Assert.Equal(
            "its certificate has no alternative name of a host, and its subject \"CN=nameless\" is not 127.0.0.1",
            Judge(Make("nameless", s_inter, CertificateShape.Server with { Hosts = [] }), [], [s_inter]));

        string[] many = [.. Enumerable.Range(0, 12).Select(i => $"n{i}")];
        Assert.Equal(
            "its certificate is for n0, n1, n2, n3, n4, n5, n6, n7, n8, n9 and 2 more, not for 127.0.0.1",
            Judge(Make("many", s_inter, CertificateShape.Server with { Hosts = many }), [], [s_inter]));
    }

    [Fact]
    public void A_file_is_read_with_whatever_stands_between_its_certificates()
    {
        string text = $"\uFEFF# issued by us\r\nsubject=CN=root\r\n{Pem(s_root)}\r\n  \nBag Attributes\n"
            + $"{Pem(s_inter)}trailing";
        Assert.Null(Judge(s_server, [], EtcdTlsAuthorities.Of("ca.pem", text.ReplaceLineEndings("\r\n"))));

        string trusted = Pem(s_inter).Replace(" CERTIFICATE", " TRUSTED CERTIFICATE", StringComparison.Ordinal);
        EtcdException failure = Assert.Throws<EtcdException>(() => EtcdTlsAuthorities.Of("ca.pem", trusted));
        Assert.EndsWith(
            "holds certificates only in OpenSSL's own form (-----BEGIN TRUSTED CERTIFICATE-----); write them as plain "
                + "ones with: openssl x509 -in ca.pem",
            failure.Message,
            StringComparison.Ordinal);
        Assert.Equal(
            "its certificate is signed by \"CN=inter\", which CA file ca.pem does not hold (its blocks \"TRUSTED "
                + "CERTIFICATE\" are not read; \"openssl x509\" makes plain ones of them)",
            Judge(s_server, [], EtcdTlsAuthorities.Of("ca.pem", Pem(Make("other")) + trusted)));
    }

    [Fact]
    public void Nothing_shown_and_nothing_known_is_refused()
    {
        var authorities = EtcdTlsAuthorities.Of("ca.pem", Pem(s_inter));
        Assert.Equal("it shows no certificate", EtcdTlsVerdict.Judge(
            Host, null, null, SslPolicyErrors.RemoteCertificateNotAvailable, authorities));
        Assert.NotNull(EtcdTlsVerdict.Judge(
            Host, s_server, null, SslPolicyErrors.RemoteCertificateChainErrors, authorities));
        using var empty = new X509Chain();
        Assert.NotNull(EtcdTlsVerdict.Judge(
            Host, s_server, empty, SslPolicyErrors.RemoteCertificateChainErrors, authorities));

        // The system's authorities hold none of these.
        Assert.Equal(
            "its certificate is signed by \"CN=inter\", which the system's authorities do not hold",
            Judge(s_server, [], EtcdTlsAuthorities.OfSystem()));
    }
}
