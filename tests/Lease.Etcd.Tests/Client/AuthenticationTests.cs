using System;
using System.IO;
using System.Security.Cryptography;
using System.Threading.Tasks;
using Etcdserverpb;
using Overlay.Lease.Etcd.Client;
using Overlay.Testing;
using Xunit;
using static Overlay.Lease.Etcd.Tests.Requests;

namespace Overlay.Lease.Etcd.Tests.Client;

public sealed class AuthenticationTests : IDisposable
{
    private const string RootPassword = "root-secret", ReaderPassword = "reader-secret", Prefix = "/test/";

    private readonly string _key = NewKey();
    private EtcdServer? _server;

    [Fact]
    public async Task User_and_password_open_what_is_closed_to_others()
    {
        await StartAsync();
        await using EtcdClient root = Client("root", RootPassword), nobody = Client(null, null);
        await root.PutAsync(Write(_key, "v"), Cancel);
        Assert.Equal("v", await root.ValueAsync(_key));
        await foreach (WatchResponse response in root.WatchAsync(Watch(_key), Cancel))
        {
            Assert.True(response.Created);
            break;
        }

        EtcdException failure = await Assert.ThrowsAsync<EtcdException>(() => nobody.ValueAsync(_key));
        Assert.True(failure.IsRefused, failure.Message);
        Assert.EndsWith(
            $"read of {_key}: this etcd wants a user and a password", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("root")]
    [InlineData("nobody")]
    public async Task A_wrong_password_is_refused_in_one_line_without_it(string username)
    {
        await StartAsync();
        await using EtcdClient client = Client(username, "wrong-secret");
        EtcdException failure = await Assert.ThrowsAsync<EtcdException>(() => client.ValueAsync(_key));
        Assert.True(failure.IsRefused && !failure.IsNotReady);
        Assert.Equal(
            $"etcd http://{_server!.Endpoint.Authority}: log-in of user \"{username}\": wrong user name or "
                + "password", failure.Message);
        Assert.DoesNotContain("secret", failure.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_role_that_may_only_read_learns_what_it_may_not_do()
    {
        EtcdAdministration administration = await StartAsync();
        await administration.AddUserAsync("reader", ReaderPassword, "READ", Prefix, Cancel);
        await using EtcdClient reader = Client("reader", ReaderPassword);
        Assert.Null(await reader.ValueAsync(_key));

        const string Why = "permission denied: no role of user \"reader\" allows it";
        await RefusesAsync(() => reader.PutAsync(Write(_key, "v"), Cancel), $"write of {_key}: {Why}");
        await RefusesAsync(() => reader.TxnAsync(WriteIfAbsent(_key, "v"), Cancel), $"transaction on {_key}: {Why}");
        await RefusesAsync(() => reader.DeleteRangeAsync(
            new DeleteRangeRequest { Key = Bytes(_key) }, Cancel), $"removal of {_key}: {Why}");
        await RefusesAsync(() => reader.ValueAsync("/elsewhere"), $"read of /elsewhere: {Why}");
        await RefusesAsync(
            async () =>
            {
                await foreach (WatchResponse response in reader.WatchAsync(Watch("/elsewhere"), Cancel))
                {
                    Assert.Fail($"{response}");
                }

                return true;
            },
            $"watch of /elsewhere…: {Why}");
    }

    [Fact]
    public async Task A_token_that_etcd_has_forgotten_is_asked_for_again()
    {
        await StartAsync();
        await using EtcdClient root = Client("root", RootPassword);
        await root.PutAsync(Write(_key, "v"), Cancel);

        // Tokens are in the memory of the process only.
        _server!.Kill();
        _server.Restart();
        await root.PutAsync(Write(_key, "w"), Cancel);

        _server.Kill();
        _server.Restart();
        await foreach (WatchResponse response in root.WatchAsync(Watch(_key), Cancel))
        {
            Assert.True(response.Created && !response.Canceled);
            break;
        }
    }

    [Fact]
    public async Task A_token_from_before_a_change_of_users_is_asked_for_again()
    {
        // Only a signed token holds the revision of the users it was given under.
        string folder = Directory.CreateTempSubdirectory($"overlay-jwt-{Environment.ProcessId}-").FullName;
        try
        {
            using var key = RSA.Create(2048);
            string secret = Path.Combine(folder, "key.pem"), open = Path.Combine(folder, "public.pem");
            await File.WriteAllTextAsync(secret, key.ExportRSAPrivateKeyPem(), Cancel);
            await File.WriteAllTextAsync(open, key.ExportSubjectPublicKeyInfoPem(), Cancel);
            EtcdAdministration administration = await StartAsync(new EtcdServerOptions
            {
                Arguments = ["--auth-token", $"jwt,pub-key={open},priv-key={secret},sign-method=RS256"],
            });
            await using EtcdClient root = Client("root", RootPassword);
            await root.PutAsync(Write(_key, "v"), Cancel);
            await administration.ChangePasswordAsync("root", RootPassword, Cancel);
            await root.PutAsync(Write(_key, "w"), Cancel);
            Assert.Equal("w", await root.ValueAsync(_key));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task Users_that_are_demanded_later_need_no_new_client()
    {
        _server = EtcdServer.Start();
        await using EtcdClient root = Client("root", RootPassword);
        Assert.Null(await root.ValueAsync(_key));
        await new EtcdAdministration(_server.Endpoint).EnableUsersAsync(RootPassword, Cancel);
        await root.PutAsync(Write(_key, "v"), Cancel);
        Assert.Equal("v", await root.ValueAsync(_key));
    }

    [Fact]
    public async Task A_password_that_is_changed_in_its_file_is_used_without_a_restart()
    {
        EtcdAdministration administration = await StartAsync();
        await administration.AddUserAsync("reader", ReaderPassword, "READ", Prefix, Cancel);
        string file = Path.Combine(_server!.Folder, "password");
        await File.WriteAllTextAsync(file, $"{ReaderPassword}\n", Cancel);
        await using var reader = new EtcdClient(
            Options(_server.Endpoint) with { Username = "reader", PasswordFile = file });
        Assert.Null(await reader.ValueAsync(_key));

        // etcd forgets the tokens of a user whose password is changed.
        await administration.ChangePasswordAsync("reader", "next-secret", Cancel);
        EtcdException failure = await Assert.ThrowsAsync<EtcdException>(() => reader.ValueAsync(_key));
        Assert.EndsWith("wrong user name or password", failure.Message, StringComparison.Ordinal);
        await File.WriteAllTextAsync(file, "next-secret\n", Cancel);
        Assert.Null(await reader.ValueAsync(_key));
    }

    [Fact]
    public async Task A_token_of_somebody_else_is_used_as_its_file_has_it_at_each_call()
    {
        EtcdAdministration administration = await StartAsync();
        string file = Path.Combine(_server!.Folder, "token");
        await File.WriteAllTextAsync(file, "invented\n", Cancel);
        await using var client = new EtcdClient(Options(_server.Endpoint) with { TokenFile = file });
        EtcdException failure = await Assert.ThrowsAsync<EtcdException>(() => client.ValueAsync(_key));
        Assert.True(failure.IsRefused, failure.Message);
        Assert.EndsWith($"the token in {file} is invalid or has expired", failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("invented", failure.ToString(), StringComparison.Ordinal);

        await File.WriteAllTextAsync(
            file, $"{await administration.LogInAsync("root", RootPassword, Cancel)}\n", Cancel);
        Assert.Null(await client.ValueAsync(_key));

        File.Delete(file);
        failure = await Assert.ThrowsAsync<EtcdException>(() => client.ValueAsync(_key));
        Assert.True(failure.IsRefused, failure.Message);
        Assert.StartsWith($"etcd token file {file}: cannot be read: ", failure.Message, StringComparison.Ordinal);
    }

    public void Dispose() => _server?.Dispose();

    private static async Task RefusesAsync<T>(Func<Task<T>> call, string end)
    {
        EtcdException failure = await Assert.ThrowsAsync<EtcdException>(call);
        Assert.True(failure.IsRefused && !failure.IsNotReady, failure.Message);
        Assert.EndsWith(end, failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", failure.ToString(), StringComparison.Ordinal);
    }

    private async Task<EtcdAdministration> StartAsync(EtcdServerOptions? options = null)
    {
        _server = EtcdServer.Start(options);
        var administration = new EtcdAdministration(_server.Endpoint);
        await administration.EnableUsersAsync(RootPassword, Cancel);
        return administration;
    }

    private EtcdClient Client(string? username, string? password) =>
        new(Options(_server!.Endpoint) with { Username = username, Password = password });
}
