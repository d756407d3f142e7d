using System;
using System.CommandLine;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using Overlay.Daemon.Commands;
using Overlay.Lease;
using Overlay.Operator.Stores;
using Overlay.Terminal;
using Xunit;

namespace Overlay.Daemon.Tests.Cli;

public sealed class LeaseStoreOptionsTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("overlay-options-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Theory]
    [InlineData("--lease-store consul", "--lease-store is 'consul'; give file:DIR or etcd")]
    [InlineData("--lease-store file:/x --etcd-prefix "
        + "/y", "--etcd-prefix is given with --lease-store file:/x; leave it out, or give --lease-store etcd")]
    [InlineData(
        "--lease-store file:/x --etcd-endpoints http://a:1", "--etcd-endpoints is given with --lease-store file:/x")]
    [InlineData("--etcd-certfile /c --etcd-endpoints "
        + "https://a:1", "--etcd-certfile is given without --etcd-keyfile; give both")]
    [InlineData(
        "--etcd-keyfile /k --etcd-endpoints https://a:1", "--etcd-keyfile is given without --etcd-certfile; give both")]
    [InlineData("--etcd-certfile /c --etcd-keyfile /k", "--etcd-certfile is given, but --etcd-endpoints is not "
        + "https; give https URLs")]
    [InlineData("--etcd-cafile /c --etcd-endpoints "
        + "http://a:1", "--etcd-cafile is given, but --etcd-endpoints is not https; give https URLs")]
    [InlineData("--etcd-username u", "--etcd-username is given without a password; give --etcd-password-file, too")]
    [InlineData("--etcd-password secret", "an etcd password is given without --etcd-username; give the user, too")]
    [InlineData("--etcd-password-file /p", "an etcd password is given without --etcd-username; give the user, too")]
    [InlineData("--etcd-username u --etcd-password secret --etcd-password-file "
        + "/p", "--etcd-password and --etcd-password-file are both given; give the file alone")]
    [InlineData("--etcd-token-file /t --etcd-username "
        + "u", "--etcd-token-file and --etcd-username are both given; give the token, or user and password")]
    [InlineData("--etcd-token-file /t --etcd-password "
        + "secret", "--etcd-token-file and --etcd-password are both given; give the token, or user and password")]
    [InlineData("--lease-store file:/x --etcd-token-file "
        + "/t", "--etcd-token-file is given with --lease-store file:/x; leave it out")]
    [InlineData("--etcd-username '' --etcd-password secret", "--etcd-username is empty; give a value, or leave it out")]
    [InlineData("--etcd-username u --etcd-password ''", "--etcd-password is empty; give a value, or leave it out")]
    [InlineData("--etcd-prefix //", "--etcd-prefix is '//'; give a key such as /coreos.com/network")]
    [InlineData("--etcd-endpoints ftp://a:1", "--etcd-endpoints: etcd endpoint \"ftp://a:1\": must look like "
        + "http://10.0.0.1:2379")]
    [InlineData("--etcd-endpoints a", "--etcd-endpoints: etcd endpoint \"a\": must look like")]
    [InlineData("--etcd-endpoints http://a", "--etcd-endpoints: etcd endpoint \"http://a\": must look like")]
    [InlineData("--etcd-endpoints http://a:1,https://b:1", "--etcd-endpoints: etcd endpoint https://b:1: all "
        + "endpoints must be http or all https")]
    [InlineData("--etcd-endpoints http://a:1,", "--etcd-endpoints: etcd endpoint \"\": must look like")]
    [InlineData("--etcd-endpoints http://u:secret@a:1", "--etcd-endpoints: etcd endpoint with \"@\": must not hold "
        + "user and password; use --etcd-username and --etcd-password-file")]
    [InlineData(
        "--lease-store file:/x --subnet-lease-renew-margin 0", "--subnet-lease-renew-margin is '0'; give 1 to 1439")]
    [InlineData("--lease-store file:/x --subnet-lease-renew-margin "
        + "1440", "--subnet-lease-renew-margin is '1440'; give 1 to 1439")]
    public void What_is_wrong_or_contradicts_is_one_line_without_any_password(string line, string expected)
    {
        string[] errors = [.. Parse(line).Errors.Select(error => error.Message)];

        Assert.StartsWith(expected, Assert.Single(errors), StringComparison.Ordinal);
        Assert.DoesNotContain("secret", errors[0], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--etcd-password secret stray")]
    [InlineData("--etcd-username --etcd-password secret")] // the user's name is missing, and the words are one off
    [InlineData("--etcd-username u --mtu --etcd-password secret")]
    [InlineData("--etcd-username u --etcd-password=secret --mtu secret")]
    public void A_password_is_in_no_message_whatever_else_is_wrong(string line)
    {
        ParseResult parsed = Parse(line);

        Assert.NotEmpty(parsed.Errors);
        Assert.All(parsed.Errors, error => Assert.DoesNotContain(
            "secret", LeaseStoreOptions.WithoutPassword(error.Message, parsed), StringComparison.Ordinal));
    }

    [Fact]
    public void A_directory_is_made_absolute() =>
        Assert.Equal(new LeaseStoreChoice.Files(Path.GetFullPath("x")), Read("--lease-store file:x"));

    [Theory]
    [InlineData("--lease-store etcd")]
    [InlineData("--etcd-prefix /coreos.com/network")]
    [InlineData("--etcd-endpoints http://127.0.0.1:4001,http://127.0.0.1:2379")]
    public void Any_option_of_etcd_chooses_it_with_the_defaults_of_flannel(string line)
    {
        LeaseStoreChoice.Etcd etcd = Assert.IsType<LeaseStoreChoice.Etcd>(Read(line));

        Assert.Equal(["http://127.0.0.1:4001/", "http://127.0.0.1:2379/"], etcd.Options.Endpoints.Select(
            endpoint => endpoint.AbsoluteUri));
        Assert.Equal("/coreos.com/network", etcd.Prefix);
        Assert.All(
            new[]
            {
                etcd.Options.CaFile, etcd.Options.CertFile, etcd.Options.KeyFile, etcd.Options.ServerName,
                etcd.Options.Username, etcd.Options.Password, etcd.Options.PasswordFile, etcd.Options.TokenFile,
            },
            Assert.Null);
    }

    [Theory]
    [InlineData("--etcd-endpoints a:1", "http")]
    [InlineData("--etcd-endpoints a:1 --etcd-cafile {0}", "https")]
    [InlineData("--etcd-certfile {0} --etcd-keyfile {0} --etcd-endpoints a:1", "https")]
    [InlineData("--etcd-server-name etcd.example --etcd-endpoints a:1", "https")]
    public void An_endpoint_without_a_scheme_is_https_where_certificates_are_given(string line, string scheme)
    {
        LeaseStoreChoice.Etcd etcd = Assert.IsType<LeaseStoreChoice.Etcd>(Read(
            line.Replace("{0}", Write("pem", "x"), StringComparison.Ordinal)));

        Assert.Equal(new Uri($"{scheme}://a:1"), Assert.Single(etcd.Options.Endpoints));
    }

    [Theory]
    [InlineData("//coreos.com//./network/")]
    [InlineData("/coreos.com/other/../network")]
    public async Task The_store_itself_joins_a_prefix_as_flannel_does(string given)
    {
        await using ILeaseAdministration store = LeaseStoreFactory.OpenAdministration(
            Read($"--etcd-endpoints http://a:1 --etcd-prefix {given}"), TimeProvider.System);

        Assert.Equal("etcd:http://a:1/coreos.com/network", store.Description);
    }

    [Fact]
    public void Every_option_of_etcd_arrives()
    {
        string ca = Write("ca", "x"), cert = Write("cert", "x"), key = Write("key", "x"), password = Write(
            "password", "not for the log\n");

        LeaseStoreChoice.Etcd etcd = Assert.IsType<LeaseStoreChoice.Etcd>(Read(
            $"--lease-store etcd --etcd-endpoints https://a:1,https://b:2/ --etcd-prefix /p --etcd-cafile {ca} "
                + $"--etcd-certfile {cert} "
            + $"--etcd-keyfile {key} --etcd-server-name etcd.example --etcd-username root --etcd-password-file "
            + $"{password}"));

        Assert.Equal(["https://a:1/", "https://b:2/"], etcd.Options.Endpoints.Select(endpoint => endpoint.AbsoluteUri));
        Assert.Equal(
            ("/p", ca, cert, key), (etcd.Prefix, etcd.Options.CaFile, etcd.Options.CertFile, etcd.Options.KeyFile));
        Assert.Equal(("etcd.example", "root", password, null), (
            etcd.Options.ServerName, etcd.Options.Username, etcd.Options.PasswordFile, etcd.Options.Password));
        Assert.DoesNotContain("not for the log", etcd.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_token_in_a_file_needs_no_user()
    {
        string token = Write("token", "ticket\n");

        LeaseStoreChoice.Etcd etcd = Assert.IsType<LeaseStoreChoice.Etcd>(Read($"--etcd-token-file {token}"));

        Assert.Equal((token, null, null), (etcd.Options.TokenFile, etcd.Options.Username, etcd.Options.PasswordFile));
        Assert.DoesNotContain("ticket", etcd.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_password_on_the_command_line_is_taken_too() =>
        Assert.Equal(
            "p", Assert.IsType<LeaseStoreChoice.Etcd>(Read("--etcd-username u --etcd-password p")).Options.Password);

    [Theory]
    [InlineData("--etcd-username u --etcd-password-file {0}", "--etcd-password-file")]
    [InlineData("--etcd-token-file {0}", "--etcd-token-file")]
    [InlineData("--etcd-endpoints https://a:1 --etcd-cafile {0}", "--etcd-cafile")]
    [InlineData("--etcd-endpoints https://a:1 --etcd-certfile {0} --etcd-keyfile {0}", "--etcd-certfile")]
    public void A_file_that_cannot_be_read_is_one_line_that_names_it(string line, string option)
    {
        string missing = Path.Combine(_directory, "missing");

        OperatorException problem = Assert.Throws<OperatorException>(
            () => Read(line.Replace("{0}", missing, StringComparison.Ordinal)));

        Assert.StartsWith($"{option} {missing} cannot be read (", problem.Message, StringComparison.Ordinal);
        Assert.EndsWith("; name a file that this user may read", problem.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--etcd-username u --etcd-password-file", "password")]
    [InlineData("--etcd-token-file", "token")]
    public void An_empty_file_is_one_line(string line, string what) => Assert.Contains(
        $"holds no {what}",
        Assert.Throws<OperatorException>(() => Read($"{line} {Write("empty", "\n")}")).Message,
        StringComparison.Ordinal);

    [Theory]
    [InlineData("--etcd-username u --etcd-password-file")]
    [InlineData("--etcd-token-file")]
    public void A_secret_that_is_not_text_is_one_line_that_names_the_file(string line)
    {
        string file = Path.Combine(_directory, "latin-1");
        File.WriteAllBytes(file, [(byte)'p', 0xE4, (byte)'w']);

        Assert.Contains(
            $"{file} cannot be read (it is not UTF-8 text; save it as such)",
            Assert.Throws<OperatorException>(() => Read($"{line} {file}")).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Leases_in_the_Kubernetes_API_are_what_the_options_say()
    {
        LeaseStoreChoice.Kubernetes kubernetes = Assert.IsType<LeaseStoreChoice.Kubernetes>(Read(
            "--kube-subnet-mgr --kube-api-url https://192.0.2.1:6443 --kubeconfig-file k --kube-annotation-prefix "
                + "org.com/9 --net-config-path /n --set-node-network-unavailable=false"));

        Assert.Equal("https://192.0.2.1:6443/", kubernetes.Options.ApiUrl?.AbsoluteUri);
        Assert.Equal(Path.GetFullPath("k"), kubernetes.Options.KubeconfigFile);
        Assert.Equal("org.com/9-", kubernetes.Options.Keys.Prefix);
        Assert.Equal("/n", kubernetes.Options.ConfigPath);
        Assert.False(kubernetes.Options.SetsNetworkUnavailable);
        kubernetes = Assert.IsType<LeaseStoreChoice.Kubernetes>(Read("--kube-subnet-mgr"));
        Assert.True(kubernetes.Options.SetsNetworkUnavailable);
        Assert.IsType<LeaseStoreChoice.Etcd>(Read("--kube-subnet-mgr=false --net-config-path /n"));
    }

    [Theory]
    [InlineData("run --kube-subnet-mgr --lease-store etcd", "--lease-store and --kube-subnet-mgr are both given")]
    [InlineData("lease list --kubeconfig-file k", "--lease-store is missing; give file:DIR, or etcd with")]
    [InlineData(
        "lease list --lease-store etcd --kubeconfig-file k", "--kubeconfig-file is given without --kube-subnet-mgr")]
    [InlineData("run --kube-subnet-mgr --kube-api-url x", "--kube-api-url is 'x'; give a URL like https:")]
    public void What_does_not_go_together_with_it_is_one_line(string line, string expected) => Assert.StartsWith(
        expected, CommandTree.Create().Parse(line.Split(' ')).Errors[0].Message);

    private static ParseResult Parse(string line) =>
        CommandTree.Create().Parse((string[])[
            "run", .. line.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(word => word.Trim('\''))]);

    private static LeaseStoreChoice Read(string line)
    {
        var options = new LeaseStoreOptions(
            isEtcdByDefault: line.Contains("--kube", StringComparison.Ordinal),
            new KubeStoreOptions(isForDaemon: true));
        var command = new Command("test");
        options.AddTo(command);
        options.RequireFor(command);
        ParseResult parsed = command.Parse(line);
        Assert.Empty(parsed.Errors.Select(error => error.Message));
        return options.Read(parsed);
    }

    private string Write(string name, string content)
    {
        string path = Path.Combine(_directory, name);
        File.WriteAllText(path, content);
        return path;
    }
}
