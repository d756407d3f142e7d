using System;
using System.IO;
using System.Threading.Tasks;
using Overlay.Lease.Kubernetes.Access;
using Overlay.Lease.Kubernetes.Store;
using Overlay.Lease.Kubernetes.Tests.Infrastructure;
using Overlay.Lease.Kubernetes.Tests.Store;
using Overlay.Testing;
using Xunit;

namespace Overlay.Lease.Kubernetes.Tests.Access;

/// <summary>Certificates before a real API server: its own, and one by which it knows us.</summary>
public sealed class KubeTlsTests(SharedKubeApiServer shared) : IClassFixture<SharedKubeApiServer>, IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("overlay-kubetls-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task An_authority_that_has_not_signed_is_one_line_and_the_right_one_in_its_place_counts_at_once()
    {
        KubeApiServer server = await shared.StartAsync();
        using var other = new TestAuthority(_folder, "other");
        string authority = Path.Combine(_folder, "ca.crt");
        File.Copy(other.CaFile, authority);
        await using KubeLeaseStore store = NewStore(server.Url, $"certificate-authority: {authority}", "token: x");

        LeaseStoreException refusal = await Assert.ThrowsAsync<LeaseStoreException>(
            () => store.FindPublicIpAsync(KubeLab.Cancel));
        Assert.Contains($"its certificate is not to be trusted by certificate-authority {authority}", refusal.Message);
        Assert.Contains("; check the authorities of the user in ", refusal.Message);
        Assert.DoesNotContain('\n', refusal.Message);

        File.Copy(server.CaFile, authority, overwrite: true);
        refusal = await Assert.ThrowsAsync<LeaseStoreException>(() => store.FindPublicIpAsync(KubeLab.Cancel));
        Assert.Contains("says: Unauthorized", refusal.Message); // the server was believed, and does not know the token
    }

    [Fact]
    public async Task The_name_of_a_certificate_may_be_another_than_the_URLs()
    {
        KubeApiServer server = await shared.StartAsync();
        string right = $"certificate-authority: {server.CaFile}, tls-server-name: kubernetes";
        await using KubeLeaseStore store = NewStore(server.Url, right, "token: x");
        await using KubeLeaseStore wrong = NewStore(server.Url, $"{right}.elsewhere", "token: x");

        LeaseStoreException refusal = await Assert.ThrowsAsync<LeaseStoreException>(
            () => store.FindPublicIpAsync(KubeLab.Cancel));
        Assert.Contains("says: Unauthorized", refusal.Message);
        refusal = await Assert.ThrowsAsync<LeaseStoreException>(() => wrong.FindPublicIpAsync(KubeLab.Cancel));
        Assert.Contains("its certificate is not for kubernetes.elsewhere", refusal.Message);
    }

    [Fact]
    public async Task A_client_certificate_says_who_we_are()
    {
        KubeApiServer server = await shared.StartAsync();
        TestCertificate own = server.Issue("somebody");
        await using KubeLeaseStore store = NewStore(
            server.Url, $"certificate-authority: {server.CaFile}",
            $"client-certificate: {own.CertFile}, client-key: {own.KeyFile}");

        LeaseStoreException refusal = await Assert.ThrowsAsync<LeaseStoreException>(
            () => store.FindPublicIpAsync(KubeLab.Cancel));

        Assert.Contains("nodes \"n1\" is forbidden: User \"somebody\" cannot get resource", refusal.Message);
    }

    private KubeLeaseStore NewStore(Uri url, string cluster, string user)
    {
        string file = Path.Combine(_folder, $"{Guid.NewGuid():N}");
        File.WriteAllText(
            file,
            $$"""
            current-context: a
            contexts: [{name: a, context: {cluster: a, user: a} }]
            clusters: [{name: a, cluster: { server: "{{url}}", {{cluster}} } }]
            users: [{name: a, user: { {{user}} } }]
            """);
        var options = new KubeOptions { KubeconfigFile = file, NodeName = "n1" };
        return new KubeLeaseStore(options, TimeProvider.System, _ => { }, new Random(1));
    }
}
