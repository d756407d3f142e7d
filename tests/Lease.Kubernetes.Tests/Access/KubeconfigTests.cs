using System;
using System.IO;
using System.Text;
using Overlay.Lease.Kubernetes.Access;
using Xunit;

namespace Overlay.Lease.Kubernetes.Tests.Access;

public sealed class KubeconfigTests : IDisposable
{
    private const string Whole =
        """
        apiVersion: v1
        kind: Config
        current-context: "b"
        contexts:
        - {name: a, context: {cluster: other, user: other}}
        - name: b
          context:
            cluster: c
            user: u
        clusters:
        - name: c
          cluster:
            server: https://192.0.2.1:6443
            certificate-authority-data: UEVN
            tls-server-name: kubernetes
        users:
        - name: u
          user: {tokenFile: sub/token, token: stale, client-certificate: cert.pem, client-key: /etc/key.pem}
        """;

    private readonly string _folder = Directory.CreateTempSubdirectory("overlay-kubeconfig-").FullName;

    private string File => Path.Combine(_folder, "config");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void The_current_contexts_cluster_and_user_count_and_paths_are_relative_to_the_file()
    {
        ApiAccess access = Read(Whole);
        Directory.CreateDirectory(Path.Combine(_folder, "sub"));
        System.IO.File.WriteAllText(Path.Combine(_folder, "sub", "token"), "fresh");

        Assert.Equal("https://192.0.2.1:6443/", access.Server.AbsoluteUri);
        Assert.Equal("PEM", access.Authorities?.Read());
        Assert.Equal("kubernetes", access.ServerName);
        Assert.Equal("fresh", access.Token?.Read());
        Assert.Equal($"client-certificate {_folder}/cert.pem", access.Certificate?.Name);
        Assert.Equal("client-key /etc/key.pem", access.Key?.Name);
        Assert.False(access.IsUnverified);
    }

    [Fact]
    public void A_URL_that_is_given_goes_before_the_files() =>
        Assert.Equal("https://x:1/", Read(Whole, new Uri("https://x:1")).Server.AbsoluteUri);

    // kubectl reads JSON as well, which is YAML.
    [Fact]
    public void JSON_is_taken_too() => Assert.Equal(
        ("http://10.0.0.1:8080/", "t"),
        (Read("""
            {"current-context":"a","contexts":[{"name":"a","context":{"cluster":"c","user":"u"}}],
             "clusters":[{"name":"c","cluster":{"server":"http://10.0.0.1:8080"}}],
             "users":[{"name":"u","user":{"token":"t"}}]}
            """) is var access ? access.Server.AbsoluteUri : "", access.Token?.Read()));

    [Theory]
    [InlineData("current-context: \"b\"", "", "has no current-context; kubectl config use-context NAME")]
    [InlineData("current-context: \"b\"", "current-context: z", "has no context 'z' among its contexts; correct ")]
    [InlineData("cluster: c\n", "cluster: d\n", "has no cluster 'd' among its clusters; correct ")]
    [InlineData("user: u\n", "user: v\n", "has no user 'v' among its users; correct ")]
    [InlineData("server: https://192.0.2.1:6443", "server: x", "has the server 'x'; write it like ")]
    [InlineData("UEVN", "'%'", "has certificate-authority-data that is not base64; ")]
    [InlineData("token: stale", "exec: {command: aws}", "gets its credentials from a program (exec), which a daemon ")]
    [InlineData("contexts:", "contexts: [", "is not YAML at line ")]
    public void What_cannot_be_used_is_one_line_with_the_file(string text, string instead, string expected)
    {
        LeaseStoreException refusal = Assert.Throws<LeaseStoreException>(
            () => Read(Whole.Replace(text, instead, StringComparison.Ordinal)));
        Assert.StartsWith($"--kubeconfig-file {File} {expected}", refusal.Message);
        Assert.DoesNotContain('\n', refusal.Message);
    }

    [Fact]
    public void A_file_that_is_not_there_is_one_line()
    {
        LeaseStoreException refusal = Assert.Throws<LeaseStoreException>(
            () => ApiAccess.Of(new KubeOptions { KubeconfigFile = File }));
        Assert.StartsWith($"--kubeconfig-file {File} cannot be read", refusal.Message);
    }

    [Fact]
    public void In_a_pod_it_is_the_service_account()
    {
        System.IO.File.WriteAllText(Path.Combine(_folder, "token"), "of-the-pod");
        var access = ApiAccess.Of(new KubeOptions
        {
            AccountDirectory = _folder,
            Variable = name => name == "KUBERNETES_SERVICE_HOST" ? "fd00::1" : "443",
        });

        Assert.Equal("https://[fd00::1]/", access.Server.AbsoluteUri);
        Assert.Equal("of-the-pod", access.Token?.Read());
    }

    [Fact]
    public void Outside_of_a_pod_stocks_words_say_so() => Assert.StartsWith(
        "unable to load in-cluster configuration, KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT must be defined",
        Assert.Throws<LeaseStoreException>(
            () => ApiAccess.Of(new KubeOptions { Variable = _ => null })).Message);

    private ApiAccess Read(string text, Uri? url = null)
    {
        System.IO.File.WriteAllText(File, text, new UTF8Encoding(false));
        return ApiAccess.Of(new KubeOptions { KubeconfigFile = File, ApiUrl = url });
    }
}
