using System;
using System.IO;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Threading.Tasks;
using Etcdserverpb;
using Overlay.Lease.Etcd.Client;
using Overlay.Testing;
using Xunit;
using static Overlay.Lease.Etcd.Tests.Requests;

namespace Overlay.Lease.Etcd.Tests.Client;

public sealed class TlsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory(
        $"overlay-tls-{Environment.ProcessId}-").FullName;
    private readonly TestAuthority _authority;
    private readonly string _key = NewKey();

    public TlsTests() => _authority = new TestAuthority(_folder);

    [Fact]
    public async Task The_authority_alone_is_enough_where_etcd_asks_for_no_certificate()
    {
        using EtcdServer server = Start("127.0.0.1");
        await using var client = new EtcdClient(OptionsFor(server));
        await client.PutAsync(Write(_key, "safe"), Cancel);
        Assert.Equal("safe", await client.ValueAsync(_key));
        await foreach (WatchResponse response in client.WatchAsync(Watch(_key), Cancel))
        {
            Assert.True(response.Created);
            break;
        }
    }

    [Fact]
    public async Task A_certificate_of_ours_is_shown_where_etcd_insists_on_one()
    {
        using EtcdServer server = Start("127.0.0.1", insistsOnClients: true);
        TestCertificate own = _authority.Issue("node", []);
        await using var client = new EtcdClient(
            OptionsFor(server) with { CertFile = own.CertFile, KeyFile = own.KeyFile });
        await client.PutAsync(Write(_key, "safe"), Cancel);
        Assert.Equal("safe", await client.ValueAsync(_key));
    }

    [Fact]
    public async Task The_name_of_the_server_can_be_given()
    {
        using EtcdServer server = Start("etcd.example");
        await using var client = new EtcdClient(
            OptionsFor(server) with { ServerName = "etcd.example" });
        Assert.Null(await client.ValueAsync(_key));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_file_may_hold_no_more_than_what_stands_between_the_root_and_etcd(bool sendsAll)
    {
        X509Certificate2 root = CertificateMaker.Make("root"), inter = CertificateMaker.Make("inter", root);
        X509Certificate2 server = CertificateMaker.Make("server", inter, CertificateShape.Server);
        using var etcd = EtcdServer.Start(new EtcdServerOptions
        {
            Certificate = CertificateMaker.Write(_folder, sendsAll ? [server, inter, root] : [server]),
        });
        string file = Path.Combine(_folder, "inter.pem"), other = Path.Combine(_folder, "other.pem");
        await File.WriteAllTextAsync(file, CertificateMaker.Pem(inter), Cancel);
        await File.WriteAllTextAsync(other, CertificateMaker.Pem(CertificateMaker.Make("other")), Cancel);
        await using var client = new EtcdClient(Options(etcd.Endpoint) with { CaFile = file });
        Assert.Null(await client.ValueAsync(_key));

        await RefusesAsync(
            Options(etcd.Endpoint) with { CaFile = other },
            sendsAll
                ? $"its certificate is signed by \"CN=inter\", and that by \"CN=root\"; CA file {other} holds none "
                    + "of these"
                : $"its certificate is signed by \"CN=inter\", which CA file {other} does not hold");
    }

    [Fact]
    public async Task A_server_with_an_Ed25519_key_is_believed_and_such_a_key_of_ours_is_refused_by_its_name()
    {
        var files = new TestCertificate(Path.Combine(_folder, "ed25519.pem"), Path.Combine(_folder, "ed25519.key"));
        await File.WriteAllTextAsync(files.CertFile, Ed25519.Certificate, Cancel);
        await File.WriteAllTextAsync(files.KeyFile, Ed25519.Key, Cancel);
        EtcdOptions options = Options(new Uri("https://127.0.0.1:1"));
        Assert.Equal(
            $"etcd certificate file {files.CertFile}: is for a key of the kind Ed25519 or Ed448, which .NET cannot "
                + "use; get one for an ECDSA (P-256) or RSA key",
            Problem(options with { CertFile = files.CertFile, KeyFile = files.KeyFile }));

        using var etcd = EtcdServer.Start(new EtcdServerOptions { Certificate = files });
        await using var client = new EtcdClient(Options(etcd.Endpoint) with { CaFile = files.CertFile });
        Assert.Null(await client.ValueAsync(_key));
    }

    [Fact]
    public async Task A_certificate_for_another_name_is_refused_with_both_names()
    {
        using EtcdServer server = Start("etcd.example", "10.9.8.7");
        await RefusesAsync(
            OptionsFor(server),
            "its certificate is for etcd.example, 10.9.8.7, not for 127.0.0.1");
    }

    [Fact]
    public async Task A_certificate_of_an_unknown_authority_is_refused_with_the_file_that_should_hold_it()
    {
        using EtcdServer server = Start("127.0.0.1");
        using var other = new TestAuthority(_folder, "another");
        await RefusesAsync(
            Options(server.Endpoint) with { CaFile = other.CaFile },
            $"its certificate is signed by \"CN=authority\", which CA file {other.CaFile} does not hold");
        await RefusesAsync(
            Options(server.Endpoint), "its certificate is signed by \"CN=authority\", which the system's authorities "
                + "do not hold");
    }

    [Fact]
    public async Task A_certificate_that_has_expired_is_refused_with_the_day()
    {
        TestCertificate expired = _authority.Issue("expired", ["127.0.0.1"], expired: true);
        using var server = EtcdServer.Start(new EtcdServerOptions { Certificate = expired });
        await RefusesAsync(
            OptionsFor(server), "its certificate expired on 20");
    }

    [Fact]
    public async Task Without_a_certificate_of_ours_etcd_that_insists_on_one_refuses()
    {
        using EtcdServer server = Start("127.0.0.1", insistsOnClients: true);
        await RefusesAsync(
            OptionsFor(server), "it wants a certificate of ours, and none "
                + "is given");
    }

    [Fact]
    public async Task A_certificate_of_ours_that_has_expired_is_named_by_its_file()
    {
        using EtcdServer server = Start("127.0.0.1", insistsOnClients: true);
        TestCertificate own = _authority.Issue("node", [], expired: true);
        await RefusesAsync(
            OptionsFor(server) with { CertFile = own.CertFile, KeyFile = own.KeyFile },
            $"our certificate {own.CertFile} expired on 20");
    }

    [Fact]
    public async Task A_certificate_of_ours_that_etcd_does_not_know_is_named_by_its_file()
    {
        using EtcdServer server = Start("127.0.0.1", insistsOnClients: true);
        using var other = new TestAuthority(_folder, "another");
        TestCertificate own = other.Issue("node", []);
        await RefusesAsync(
            OptionsFor(server) with { CertFile = own.CertFile, KeyFile = own.KeyFile },
            $"it does not accept our certificate {own.CertFile}");
    }

    [Fact]
    public async Task A_certificate_that_is_renewed_on_disk_is_used_without_a_restart()
    {
        using EtcdServer server = Start("127.0.0.1", insistsOnClients: true);
        TestCertificate own = _authority.Issue("node", [], expired: true);
        await using var client = new EtcdClient(
            OptionsFor(server) with { CertFile = own.CertFile, KeyFile = own.KeyFile });
        await Assert.ThrowsAsync<EtcdException>(() => client.ValueAsync(_key));
        Assert.Equal(own, _authority.Issue("node", []));

        // The files are read when a call has failed, so one more fails.
        await Assert.ThrowsAsync<EtcdException>(() => client.ValueAsync(_key));
        Assert.Null(await client.ValueAsync(_key));
    }

    [Fact]
    public async Task Plain_TCP_where_etcd_wants_TLS_and_the_reverse_are_one_line()
    {
        using EtcdServer secure = Start("127.0.0.1"), plain = EtcdServer.Start();
        await using var first = new EtcdClient(Options(new Uri($"http://{secure.Endpoint.Authority}")));
        await using var second = new EtcdClient(Options(new Uri($"https://{plain.Endpoint.Authority}")));
        EtcdException wantsTls = await Assert.ThrowsAsync<EtcdException>(() => first.ValueAsync(_key));
        EtcdException hasNone = await Assert.ThrowsAsync<EtcdException>(() => second.ValueAsync(_key));
        Assert.EndsWith(
            "Is http right, and this a client port of etcd v3?", wantsTls.Message, StringComparison.Ordinal);
        Assert.Contains("no TLS connection", hasNone.Message, StringComparison.Ordinal);
        Assert.EndsWith("Is https right?", hasNone.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', wantsTls.Message + hasNone.Message);
    }

    [Fact]
    public async Task A_web_server_over_TLS_that_has_not_heard_of_HTTP_2_is_one_line()
    {
        using LoopbackServer web = DeadEnds.Http11(_authority.Issue("web", ["127.0.0.1"]));
        EtcdOptions options = Options(web.Endpoint) with
        {
            CaFile = _authority.CaFile, ConnectTimeout = TimeSpan.FromSeconds(2),
        };
        await using var client = new EtcdClient(options);
        EtcdException failure = await Assert.ThrowsAsync<EtcdException>(() => client.ValueAsync(_key));
        Assert.StartsWith(
            $"etcd https://{web.Endpoint.Authority}: read of {_key}: ", failure.Message, StringComparison.Ordinal);
        Assert.EndsWith(
            ". Is https right, and this a client port of etcd v3?", failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', failure.Message);
    }

    [Fact]
    public void Files_that_cannot_be_used_are_named()
    {
        TestCertificate one = _authority.Issue("one", []), two = _authority.Issue("two", []);
        EtcdOptions options = Options(new Uri("https://127.0.0.1:1"));
        string empty = Path.Combine(_folder, "empty");
        File.WriteAllText(empty, "nothing\n");

        Assert.Contains("etcd CA file /no/such: cannot be read", Problem(
            options with { CaFile = "/no/such" }), StringComparison.Ordinal);
        Assert.Contains($"etcd CA file {empty}: holds no certificate", Problem(
            options with { CaFile = empty }), StringComparison.Ordinal);
        Assert.Contains(
            "only one of them is given", Problem(options with { CertFile = one.CertFile }), StringComparison.Ordinal);
        Assert.Contains("etcd key file /no/such: cannot be read", Problem(
            options with { CertFile = one.CertFile, KeyFile = "/no/such" }), StringComparison.Ordinal);
        Assert.Contains($"etcd key file {empty}: holds no key in PEM form", Problem(
            options with { CertFile = one.CertFile, KeyFile = empty }), StringComparison.Ordinal);
        Assert.Contains($"etcd certificate file {empty}: holds no certificate in PEM form", Problem(
            options with { CertFile = empty, KeyFile = one.KeyFile }), StringComparison.Ordinal);
        string mismatch = Problem(options with { CertFile = one.CertFile, KeyFile = two.KeyFile });
        Assert.Contains(one.CertFile, mismatch, StringComparison.Ordinal);
        Assert.Contains(two.KeyFile, mismatch, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_key_is_called_encrypted_only_when_it_is()
    {
        TestCertificate own = _authority.Issue("own", []);
        string key = await File.ReadAllTextAsync(own.KeyFile, Cancel), file = Path.Combine(_folder, "commented.key");
        await File.WriteAllTextAsync(file, $"# NOT ENCRYPTED\r\n{key.ReplaceLineEndings("\r\n")}", Cancel);
        EtcdOptions options = Options(new Uri("https://127.0.0.1:1")) with { CertFile = own.CertFile, KeyFile = file };
        await new EtcdClient(options).DisposeAsync();

        using var made = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var how = new PbeParameters(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, iterationCount: 1);
        string traditional = "-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n"
            + "AA==\n-----END EC PRIVATE KEY-----\n";
        foreach (string encrypted in (string[])[made.ExportEncryptedPkcs8PrivateKeyPem("word", how), traditional])
        {
            await File.WriteAllTextAsync(file, encrypted, Cancel);
            Assert.EndsWith(
                "is encrypted; a key without passphrase is needed", Problem(options), StringComparison.Ordinal);
        }
    }

    public void Dispose()
    {
        _authority.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private static string Problem(EtcdOptions options)
    {
        EtcdException failure = Assert.Throws<EtcdException>(() => new EtcdClient(options));
        Assert.True(failure.IsRefused);
        Assert.DoesNotContain('\n', failure.Message);
        return failure.Message;
    }

    private async Task RefusesAsync(EtcdOptions options, string why)
    {
        await using var client = new EtcdClient(options);
        EtcdException failure = await Assert.ThrowsAsync<EtcdException>(() => client.ValueAsync(_key));
        Assert.True(
            failure.Message.Contains(why, StringComparison.Ordinal),
            $"{(failure.InnerException as System.Net.Http.HttpRequestException)?.HttpRequestError} {failure}");
        Assert.StartsWith(
            $"etcd https://{options.Endpoints[0].Authority}: read of {_key}: "
                + "", failure.Message, StringComparison.Ordinal);
        Assert.True(failure.IsRefused && !failure.IsNotReady, failure.ToString());
    }

    private EtcdOptions OptionsFor(EtcdServer server) => Options(server.Endpoint) with { CaFile = _authority.CaFile };

    private EtcdServer Start(
        string host, string? second = null, bool insistsOnClients = false) => EtcdServer.Start(new EtcdServerOptions
    {
        Certificate = _authority.Issue("server", second is null ? [host] : [host, second]),
        ClientCaFile = insistsOnClients ? _authority.CaFile : null,
    });
}
