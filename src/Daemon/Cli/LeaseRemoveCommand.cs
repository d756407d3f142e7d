using System;
using System.CommandLine;
using Overlay.Lease;

namespace Overlay.Daemon.Cli;

/// <summary><c>overlay lease remove</c>: frees a subnet.</summary>
internal static class LeaseRemoveCommand
{
    internal static Command Create(LeaseStoreOptions store)
    {
        Argument<Ipv4Prefix?> subnet = LeaseCommand.Subnet();
        var command = new Command("remove", "Remove a lease, a reservation or a bad entry. A host that runs takes its subnet back at once.") { subnet };
        store.RequireFor(command);
        command.SetAction((parsed, cancellation) => store.AdministerAsync(parsed, async administration =>
        {
            Ipv4Prefix unwanted = LeaseCommand.Given(parsed.GetValue(subnet));
            LeaseEntry removed = await administration.RemoveAsync(unwanted, cancellation)
                ?? throw new OperatorException($"there is no lease {unwanted} in {administration.Description}; see what there is: overlay lease list");
            await parsed.InvocationConfiguration.Output.WriteLineAsync(Line(removed, unwanted, TimeProvider.System.GetUtcNow()));
            return ExitCode.Success;
        }));
        return command;
    }

    private static string Line(LeaseEntry removed, Ipv4Prefix subnet, DateTimeOffset now)
    {
        if (removed.Attributes is null)
        {
            return $"removed {subnet}, which could not be read as a lease";
        }

        string host = Ipv4Prefix.Format(removed.Attributes.PublicIp);
        return removed.Expires <= now
            ? $"removed the lease {subnet} of {host}, which had expired"
            : $"removed the {(removed.IsReservation ? "reservation" : "lease")} {subnet} of {host}; "
                + "if that host is running with it, it takes the subnet back at once: stop it first to free the subnet";
    }
}
