using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Net.Http;
using System.Security.Cryptography;
using System.Threading.Tasks;
using Overlay.Testing;
using Xunit;

namespace Overlay.Lease.Kubernetes.Tests.Infrastructure;

/// <summary>
/// A real kube-apiserver with an etcd of its own, TLS, and RBAC. It is found by the variable
/// <c>OVERLAY_KUBE_APISERVER</c> or on PATH; no package has one, so a test without it is skipped, and says how to make
/// it.
/// </summary>
internal sealed class KubeApiServer : IAsyncDisposable
{
    internal const string Admin = "the-admins-token";

    /// <summary>Users whose rights a test gives by RBAC, with their tokens.</summary>
    internal static readonly IReadOnlyDictionary<string, string> Tokens = new Dictionary<string, string>
    {
        ["admin"] = Admin,
        ["overlay"] = "the-daemons-token",
    };

    private const string Variable = "OVERLAY_KUBE_APISERVER";
    private const string HowToMake = "needs kube-apiserver, by " + Variable + " or on PATH: from Debian's sources of "
        + "kubernetes, make WHAT=cmd/kube-apiserver with golang-1.19-go";

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(120);

    private readonly EtcdServer _etcd;
    private readonly Process _process;
    private readonly Queue<string> _log = new();
    private readonly TestAuthority _authority;

    private KubeApiServer(string program, EtcdServer etcd)
    {
        _etcd = etcd;
        _authority = new TestAuthority(etcd.Folder, "kube");
        TestCertificate certificate = _authority.Issue("kube-apiserver", ["127.0.0.1", "kubernetes"]);
        string folder = Directory.CreateDirectory(Path.Combine(etcd.Folder, "kube")).FullName;
        using var key = RSA.Create(2048);
        string keyFile = Path.Combine(folder, "sa.key"), tokenFile = Path.Combine(folder, "tokens.csv");
        File.WriteAllText(keyFile, key.ExportRSAPrivateKeyPem());
        File.WriteAllLines(tokenFile, Tokens.Select(each =>
            $"{each.Value},{each.Key},{each.Key},{(each.Value == Admin ? "system:masters" : "test")}"));
        int port = FreePort.Next();
        Url = new Uri($"https://127.0.0.1:{port}");
        var start = new ProcessStartInfo(program)
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
            WorkingDirectory = folder,
        };
        string[] words =
        [
            $"--etcd-servers={etcd.Endpoint.AbsoluteUri.TrimEnd('/')}", $"--secure-port={port}",
            "--bind-address=127.0.0.1", "--advertise-address=127.0.0.1", "--authorization-mode=RBAC",
            $"--tls-cert-file={certificate.CertFile}", $"--tls-private-key-file={certificate.KeyFile}",
            $"--client-ca-file={_authority.CaFile}", $"--cert-dir={folder}",
            "--service-account-issuer=https://kube.test", $"--service-account-key-file={keyFile}",
            $"--service-account-signing-key-file={keyFile}", $"--token-auth-file={tokenFile}",
            "--service-cluster-ip-range=10.96.0.0/16", "--disable-admission-plugins=ServiceAccount",
            "--min-request-timeout=2",
        ];
        Array.ForEach(words, start.ArgumentList.Add);
        _process = new Process { StartInfo = start };
        _process.ErrorDataReceived += (_, line) => Keep(line.Data);
        _process.OutputDataReceived += (_, line) => Keep(line.Data);
        Assert.True(_process.Start());
        _process.BeginErrorReadLine();
        _process.BeginOutputReadLine();
    }

    internal Uri Url { get; }

    /// <summary>PEM file of the authority that has signed its certificate.</summary>
    internal string CaFile => _authority.CaFile;

    /// <summary>For files of the test; removed with everything in it.</summary>
    internal string Folder => _etcd.Folder;

    /// <summary>Its etcd.</summary>
    internal EtcdServer Etcd => _etcd;

    private string Log
    {
        get
        {
            lock (_log)
            {
                return string.Join('\n', _log);
            }
        }
    }

    /// <summary>A certificate by which it knows a user.</summary>
    internal TestCertificate Issue(string user) => _authority.Issue(user, ["client.invalid"]);

    /// <summary>Starts one and waits until it serves.</summary>
    internal static async Task<KubeApiServer> StartAsync()
    {
        Needs.NotQuick("needs kube-apiserver");
        Needs.Server("etcd-server", "etcd");
        string? program = Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } named ? named
            : $"{Environment.GetEnvironmentVariable("PATH")}".Split(':', StringSplitOptions.RemoveEmptyEntries)
                .Select(folder => Path.Combine(folder, "kube-apiserver")).FirstOrDefault(File.Exists);
        Assert.SkipWhen(program is null || !File.Exists(program), HowToMake);
        var etcd = EtcdServer.Start();
        await AgeAsync(etcd);
        KubeApiServer? server = null;
        try
        {
            server = new KubeApiServer(program!, etcd);
            await server.WaitAsync();
            return server;
        }
        catch
        {
            await (server?.DisposeAsync() ?? ValueTask.CompletedTask);
            throw;
        }
    }

    public ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        _process.WaitForExit();
        _process.Dispose();
        _authority.Dispose();
        _etcd.Dispose();
        return ValueTask.CompletedTask;
    }

    // The server forgets what was before it: with some of that there are versions that are too old.
    private static async Task AgeAsync(EtcdServer etcd)
    {
        using var client = new HttpClient();
        for (int i = 0; i < 9; i++)
        {
            using var content = new StringContent("""{"key":"eA==","value":"eA=="}""");
            using HttpResponseMessage answer = await client.PostAsync(
                new Uri(etcd.Endpoint, "v3/kv/put"), content, TestContext.Current.CancellationToken);
            Assert.True(answer.IsSuccessStatusCode);
        }
    }

    private async Task WaitAsync()
    {
        using HttpClient client = KubeLab.ClientOf(Url, CaFile, Admin);
        long began = Stopwatch.GetTimestamp();
        while (true)
        {
            Assert.False(_process.HasExited, $"kube-apiserver has ended; its last lines:\n{Log}");
            Assert.True(Stopwatch.GetElapsedTime(began) < s_patience, $"kube-apiserver does not serve:\n{Log}");
            try
            {
                if ((await client.GetAsync("readyz", TestContext.Current.CancellationToken)).IsSuccessStatusCode)
                {
                    return;
                }
            }
            catch (HttpRequestException)
            {
                // It does not listen yet.
            }

            await Task.Delay(100, TestContext.Current.CancellationToken);
        }
    }

    private void Keep(string? line)
    {
        lock (_log)
        {
            _log.Enqueue($"{line}");
            while (_log.Count > 200)
            {
                _log.Dequeue();
            }
        }
    }
}
