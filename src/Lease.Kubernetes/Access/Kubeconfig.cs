using System;
using System.IO;
using System.Linq;
using System.Text;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Overlay.Lease.Kubernetes.Access;

/// <summary>A kubeconfig file, as kubectl has them: its current context, with that one's cluster and user.</summary>
/// <param name="path">The file; paths in it are relative to its directory.</param>
internal sealed class Kubeconfig(string path)
{
    /// <summary>Reads it.</summary>
    /// <param name="path">The file.</param>
    /// <param name="url">The API server's URL, in place of the file's; null for the file's.</param>
    /// <exception cref="LeaseStoreException">It cannot be used; the line says why.</exception>
    internal static ApiAccess Read(string path, Uri? url) => new Kubeconfig(path).Read(url);

    private ApiAccess Read(Uri? url)
    {
        YamlMappingNode root = Load();
        string current = Text(root, "current-context");
        if (current.Length == 0)
        {
            throw Refuse("has no current-context", "kubectl config use-context NAME --kubeconfig");
        }

        YamlMappingNode context = Named(root, "contexts", "context", current);
        YamlMappingNode cluster = Named(root, "clusters", "cluster", Text(context, "cluster"));
        string user = Text(context, "user");
        ApiAccess access = OfCluster(cluster, url);
        return user.Length == 0 ? access : WithUser(access, Named(root, "users", "user", user));
    }

    private ApiAccess OfCluster(YamlMappingNode cluster, Uri? url)
    {
        string server = Text(cluster, "server");
        if (url is null && (!Uri.TryCreate(server, UriKind.Absolute, out url)
            || (url.Scheme != Uri.UriSchemeHttps && url.Scheme != Uri.UriSchemeHttp)))
        {
            throw Refuse($"has the server '{OneLine.Shorten(server)}'", "write it like https://192.0.2.1:6443 in");
        }

        string name = Text(cluster, "tls-server-name");
        return new ApiAccess(url)
        {
            Authorities = Find(cluster, "certificate-authority"),
            IsUnverified = Text(cluster, "insecure-skip-tls-verify") == "true",
            ServerName = name.Length > 0 ? name : null,
            Source = $"the user in {path}",
        };
    }

    private ApiAccess WithUser(ApiAccess access, YamlMappingNode user)
    {
        if (((string[])["exec", "auth-provider"]).FirstOrDefault(each => Child(user, each) is not null) is { } program)
        {
            throw Refuse(
                $"gets its credentials from a program ({program}), which a daemon does not run",
                "put a token, a tokenFile or a client certificate into");
        }

        string token = Text(user, "token"), tokenFile = Text(user, "tokenFile");
        string name = Text(user, "username");
        return access with
        {
            Certificate = Find(user, "client-certificate"),
            Key = Find(user, "client-key"),
            // As client-go: of both, the file counts.
            Token = tokenFile.Length > 0 ? new Credential("token file", Absolute(tokenFile), null)
                : token.Length > 0 ? new Credential("token", null, token)
                : null,
            User = name.Length > 0 ? (name, Text(user, "password")) : null,
        };
    }

    // NAME is a file, NAME-data the same in base64, which goes before it.
    private Credential? Find(YamlMappingNode node, string name)
    {
        string data = Text(node, $"{name}-data"), file = Text(node, name);
        if (data.Length == 0)
        {
            return file.Length > 0 ? new Credential(name, Absolute(file), null) : null;
        }

        try
        {
            return new Credential($"{name}-data", null, Encoding.UTF8.GetString(Convert.FromBase64String(data)));
        }
        catch (FormatException)
        {
            throw Refuse($"has {name}-data that is not base64", "write it anew with: kubectl config, into");
        }
    }

    private string Absolute(string file) => Path.GetFullPath(file, Path.GetDirectoryName(Path.GetFullPath(path))!);

    private YamlMappingNode Load()
    {
        try
        {
            var yaml = new YamlStream();
            yaml.Load(new StringReader(RegularFile.ReadAllText(path)));
            return yaml.Documents is [{ RootNode: YamlMappingNode root }, ..] ? root
                : throw Refuse("is no kubeconfig", "name another with --kubeconfig-file in place of");
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            throw new LeaseStoreException(
                $"--kubeconfig-file {path} cannot be read ({problem.Message.TrimEnd('.')}); name a file that this user "
                    + "may read", problem);
        }
        catch (YamlException problem)
        {
            throw Refuse(
                $"is not YAML at line {problem.Start.Line} ({OneLine.Shorten(problem.Message)})", "correct");
        }
    }

    private YamlMappingNode Named(YamlMappingNode root, string list, string kind, string name) =>
        (Child(root, list) as YamlSequenceNode)?.Children.OfType<YamlMappingNode>()
            .Where(each => Text(each, "name") == name)
            .Select(each => Child(each, kind))
            .OfType<YamlMappingNode>()
            .FirstOrDefault()
        ?? throw Refuse($"has no {kind} '{OneLine.Shorten(name)}' among its {list}", "correct");

    private static YamlNode? Child(YamlMappingNode node, string name) =>
        node.Children.FirstOrDefault(each => each.Key is YamlScalarNode { Value: { } key } && key == name).Value
            is { } child and not YamlScalarNode { Value: null or "null" or "~" or "" }
            ? child
            : null;

    private static string Text(YamlMappingNode node, string name) => (Child(node, name) as YamlScalarNode)?.Value ?? "";

    private LeaseStoreException Refuse(string problem, string remedy) =>
        new($"--kubeconfig-file {path} {problem}; {remedy} {path}");
}
