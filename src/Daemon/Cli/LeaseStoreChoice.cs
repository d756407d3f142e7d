using System;
using System.Collections.Generic;
using System.Text;

namespace Overlay.Daemon.Cli;

/// <summary>Which lease store was asked for; complete, and without contradiction.</summary>
internal abstract record LeaseStoreChoice
{
    private LeaseStoreChoice()
    {
    }

    /// <summary>Files in a directory that all hosts share.</summary>
    /// <param name="Directory">Absolute.</param>
    internal sealed record Files(string Directory) : LeaseStoreChoice;

    /// <summary>etcd, under flannel's keys.</summary>
    /// <param name="Endpoints">The members' client URLs, one or more, all <c>http</c> or all <c>https</c>.</param>
    /// <param name="Prefix">What config and leases are under, as it was given.</param>
    internal sealed record Etcd(IReadOnlyList<Uri> Endpoints, string Prefix) : LeaseStoreChoice
    {
        /// <summary>PEM file of the authorities that sign members' certificates; null for the system's.</summary>
        internal string? CaFile { get; init; }

        /// <summary>PEM file of our certificate; null for none.</summary>
        internal string? CertFile { get; init; }

        /// <summary>PEM file of its key; null exactly when there is no certificate.</summary>
        internal string? KeyFile { get; init; }

        /// <summary>The name a member's certificate must be for; null for the host of its URL.</summary>
        internal string? ServerName { get; init; }

        /// <summary>The user; null for none.</summary>
        internal string? Username { get; init; }

        /// <summary>The user's password; null when there is no user, or a file. In no message, and not in the text of this record.</summary>
        internal string? Password { get; init; }

        /// <summary>File with the user's password; null when there is no user, or a password.</summary>
        internal string? PasswordFile { get; init; }

        /// <summary>File with a token, in place of a user; null for none.</summary>
        internal string? TokenFile { get; init; }

        // The generated one would print the password.
        protected override bool PrintMembers(StringBuilder builder)
        {
            builder.Append("Endpoints = ").AppendJoin(',', Endpoints).Append(", Prefix = ").Append(Prefix);
            if (Username is not null)
            {
                builder.Append(", Username = ").Append(Username);
            }

            return true;
        }
    }
}
