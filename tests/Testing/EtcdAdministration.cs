using System;
using System.Globalization;
using System.Net.Http;
using System.Text;
using System.Text.Json.Nodes;
using System.Threading;
using System.Threading.Tasks;
using Xunit;

namespace Overlay.Testing;

/// <summary>What tests do to an etcd on plain TCP that its users never do, over its own JSON gateway.</summary>
/// <param name="endpoint">Its client URL.</param>
/// <param name="http">Reaches it; null when it is on loopback here.</param>
public sealed class EtcdAdministration(Uri endpoint, HttpClient? http = null)
{
    private static readonly HttpClient s_http = new(
        new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromSeconds(60) };

    private string? _token;

    /// <summary>Forgets all history before a revision.</summary>
    public Task CompactAsync(long revision, CancellationToken cancellation) =>
        PostAsync(
            "kv/compaction", new JsonObject { ["revision"] = $"{revision}", ["physical"] = true }, cancellation);

    /// <summary>Does it lead?</summary>
    public async Task<bool> IsLeaderAsync(CancellationToken cancellation)
    {
        JsonNode status = await PostAsync("maintenance/status", [], cancellation);
        return $"{status["leader"]}" == $"{status["header"]?["member_id"]}";
    }

    /// <summary>How many keys there are with a prefix.</summary>
    public async Task<long> CountKeysAsync(string prefix, CancellationToken cancellation)
    {
        byte[] first = Encoding.UTF8.GetBytes(prefix), end = [.. first];
        end[^1]++;
        JsonNode answer = await PostAsync(
            "kv/range",
            new JsonObject
            {
                ["key"] = Convert.ToBase64String(first),
                ["range_end"] = Convert.ToBase64String(end),
                ["count_only"] = true,
            },
            cancellation);
        return long.Parse($"{answer["count"] ?? 0}", CultureInfo.InvariantCulture);
    }

    /// <summary>How many etcd leases there are, with keys or without.</summary>
    public async Task<int> CountLeasesAsync(CancellationToken cancellation) =>
        (await PostAsync("lease/leases", [], cancellation))["leases"] is JsonArray leases ? leases.Count : 0;

    /// <summary>Demands users from now on: <c>root</c>, who may do everything.</summary>
    public async Task EnableUsersAsync(string rootPassword, CancellationToken cancellation)
    {
        await PostAsync("auth/role/add", new JsonObject { ["name"] = "root" }, cancellation);
        await AddUserAsync("root", rootPassword, "root", cancellation);
        await PostAsync("auth/enable", [], cancellation);
        _token = await LogInAsync("root", rootPassword, cancellation);
    }

    /// <summary>A token of a user's.</summary>
    public async Task<string> LogInAsync(string name, string password, CancellationToken cancellation)
    {
        JsonNode answer = await PostAsync(
            "auth/authenticate", new JsonObject { ["name"] = name, ["password"] = password }, cancellation);
        return $"{answer["token"]}";
    }

    /// <summary>Gives a user another password, which ends the user's tokens.</summary>
    public Task ChangePasswordAsync(string name, string password, CancellationToken cancellation) =>
        PostAsync("auth/user/changepw", new JsonObject { ["name"] = name, ["password"] = password }, cancellation);

    /// <summary>Adds a user with a role of the same name.</summary>
    /// <param name="name">Whose.</param>
    /// <param name="password">The user's.</param>
    /// <param name="permission"><c>READ</c>, <c>WRITE</c> or <c>READWRITE</c>.</param>
    /// <param name="prefix">Of the keys.</param>
    /// <param name="cancellation">The test's.</param>
    public async Task AddUserAsync(
        string name, string password, string permission, string prefix, CancellationToken cancellation)
    {
        await PostAsync("auth/role/add", new JsonObject { ["name"] = name }, cancellation);
        byte[] first = Encoding.UTF8.GetBytes(prefix), end = [.. first];
        end[^1]++;
        await PostAsync(
            "auth/role/grant",
            new JsonObject
            {
                ["name"] = name,
                ["perm"] = new JsonObject
                {
                    ["permType"] = permission,
                    ["key"] = Convert.ToBase64String(first),
                    ["range_end"] = Convert.ToBase64String(end),
                },
            },
            cancellation);
        await AddUserAsync(name, password, name, cancellation);
    }

    private async Task AddUserAsync(string name, string password, string role, CancellationToken cancellation)
    {
        await PostAsync(
            "auth/user/add", new JsonObject { ["name"] = name, ["password"] = password }, cancellation);
        await PostAsync("auth/user/grant", new JsonObject { ["user"] = name, ["role"] = role }, cancellation);
    }

    private async Task<JsonNode> PostAsync(string path, JsonObject request, CancellationToken cancellation)
    {
        using var message = new HttpRequestMessage(HttpMethod.Post, new Uri(endpoint, $"/v3/{path}"))
        {
            Content = new StringContent(request.ToJsonString(), Encoding.UTF8, "application/json"),
        };
        if (_token is not null)
        {
            message.Headers.TryAddWithoutValidation("Authorization", _token);
        }

        using HttpResponseMessage response = await (http ?? s_http).SendAsync(message, cancellation);
        string text = await response.Content.ReadAsStringAsync(cancellation);
        Assert.True(response.IsSuccessStatusCode, $"{path}: {text}");
        return JsonNode.Parse(text) ?? new JsonObject();
    }
}
