using System;
using System.Collections.Generic;
using System.Net;
using System.Text;
using System.Threading;
using System.Threading.Tasks;

namespace Overlay.Lease.Etcd.Client;

/// <summary>How etcd is reached: what the <c>--etcd-*</c> options say.</summary>
public sealed record EtcdOptions
{
    /// <summary>Client URLs of the members, one or more, all <c>http</c> or all <c>https</c>; see
    /// <see cref="EtcdEndpointList"/>.</summary>
    public required IReadOnlyList<Uri> Endpoints { get; init; }

    /// <summary>
    /// PEM file of the authorities that may have signed a member's certificate; null for the system's.
    /// </summary>
    public string? CaFile { get; init; }

    /// <summary>PEM file of our certificate, with what stands between it and the authority; null for none.</summary>
    public string? CertFile { get; init; }

    /// <summary>PEM file of the certificate's key, not encrypted.</summary>
    public string? KeyFile { get; init; }

    /// <summary>The name a member's certificate must be for; null for the host of its URL.</summary>
    public string? ServerName { get; init; }

    /// <summary>User of etcd; null for none.</summary>
    public string? Username { get; init; }

    /// <summary>The user's password. It is in no message and no text of this record.</summary>
    public string? Password { get; init; }

    /// <summary>File with the password, in place of <see cref="Password"/>, read at each log-in; null for none. A line
    /// break at its end is not part of it.</summary>
    public string? PasswordFile { get; init; }

    /// <summary>File with a token somebody else obtained, in place of user and password, read at each call; null for
    /// none. A line break at its end is not part of it.</summary>
    public string? TokenFile { get; init; }

    /// <summary>How long a connection may take to come up, TLS included.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How long one endpoint may take to answer a call, or to confirm a watch.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>After how much silence a connection in use is pinged. etcd ends one that is pinged more often than
    /// every 5 s; an endpoint that ends one for this is pinged less often, see <see cref="EtcdClient"/>.</summary>
    public TimeSpan PingInterval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long the answer to a ping may take before the connection counts as dead.</summary>
    public TimeSpan PingTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Finds the addresses of an endpoint's name.</summary>
    public Func<string, CancellationToken, Task<IPAddress[]>> Resolve { get; init; } = Dns.GetHostAddressesAsync;

    /// <summary>How often, at most, a refusal that a log-in did not mend leads to another one, unless it is surely
    /// about the token.</summary>
    internal TimeSpan LogInInterval { get; init; } = TimeSpan.FromMinutes(5);

    // The generated one would print the password.
    private bool PrintMembers(StringBuilder builder)
    {
        builder.Append("Endpoints = ").AppendJoin(',', Endpoints);
        Append("CaFile", CaFile);
        Append("CertFile", CertFile);
        Append("KeyFile", KeyFile);
        Append("ServerName", ServerName);
        Append("Username", Username);
        Append("PasswordFile", PasswordFile);
        Append("TokenFile", TokenFile);
        return true;

        void Append(string name, string? value)
        {
            if (value is not null)
            {
                builder.Append(", ").Append(name).Append(" = ").Append(value);
            }
        }
    }
}
