using System;
using System.Collections.Generic;
using System.Linq;
using Google.Protobuf;
using Overlay.Lease.Etcd.Client;
using Overlay.Net;

namespace Overlay.Lease.Etcd.Store;

/// <summary>
/// Where flannel keeps what under its prefix: <c>PREFIX/config</c> and <c>PREFIX/subnets/10.5.34.0-24</c> (flannel
/// pkg/subnet/etcd/registry.go).
/// </summary>
internal sealed class EtcdKeys
{
    /// <param name="prefix">Joined as a path is: slashes run together are one, and one at the end is none.</param>
    internal EtcdKeys(string prefix)
    {
        string joined = Join(prefix);
        Prefix = joined;
        Config = $"{joined}/config";
        // flannel lists "PREFIX/subnets" without the slash, and so the keys of PREFIX/subnets-old as well.
        Subnets = $"{joined}/subnets/";
        SubnetsEnd = $"{joined}/subnets0"; // what follows the slash in ASCII: the first key behind all of them
    }

    internal string Prefix { get; }

    internal string Config { get; }

    /// <summary>What all lease keys begin with, slash included.</summary>
    internal string Subnets { get; }

    /// <summary>The end of their range, exclusive.</summary>
    internal string SubnetsEnd { get; }

    /// <summary>
    /// For messages, <c>etcd:http://127.0.0.1:2379/coreos.com/network</c>; with a space before a prefix that has no
    /// slash of its own, whose keys are others. The same options give the same text.
    /// </summary>
    internal string Describe(EtcdOptions options)
    {
        string endpoints = string.Join(',', options.Endpoints.Select(EtcdEndpointList.Text));
        return Config[0] == '/' ? $"etcd:{endpoints}/{Prefix.TrimStart('/')}" : $"etcd:{endpoints} {Prefix}";
    }

    internal string Of(string name) => Subnets + name;

    internal string Of(Ipv4Prefix subnet) => Of(NameOf(subnet));

    internal static string NameOf(Ipv4Prefix subnet) => new SubnetKey(subnet).Format();

    /// <summary>What follows <see cref="Subnets"/>; bytes that are not UTF-8 show as replacement characters.</summary>
    internal string NameOf(ByteString key)
    {
        string text = key.ToStringUtf8();
        return text.StartsWith(Subnets, StringComparison.Ordinal) ? text[Subnets.Length..] : text;
    }

    private static string Join(string prefix)
    {
        List<string> parts = [];
        foreach (string part in prefix.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            if (part == ".." && parts.Count > 0)
            {
                parts.RemoveAt(parts.Count - 1);
            }
            else if (part is not "." and not "..")
            {
                parts.Add(part);
            }
        }

        string joined = string.Join('/', parts);
        return prefix.StartsWith('/') && joined.Length > 0 ? $"/{joined}" : joined;
    }
}
