using System;
using System.Collections.Generic;
using System.CommandLine;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Overlay.Lease;
using Overlay.Net;
using Overlay.Operator.Stores;
using Overlay.Terminal;

namespace Overlay.Operator.Leases;

/// <summary><c>overlay lease remove</c>: frees a subnet, or clears away what is none.</summary>
internal static class LeaseRemoveCommand
{
    internal static Command Create(LeaseStoreOptions store)
    {
        var shown = new Argument<string>("SUBNET")
        {
            Description = "the subnet, for example 10.244.7.0/24, or whatever name overlay lease list shows",
            Arity = ArgumentArity.ExactlyOne,
            CustomParser = OptionParser.Of(
                "SUBNET", text => string.IsNullOrWhiteSpace(text)
                    ? null
                    : text, "a subnet like 10.244.7.0/24, or a name as overlay lease list shows it"),
        };
        var command = new Command(
            "remove", "Remove a lease, a reservation or a bad entry. A host that runs takes its subnet back at "
                + "once.") { shown };
        store.RequireFor(command);
        command.SetAction((parsed, cancellation) => store.AdministerAsync(parsed, async administration =>
        {
            string unwanted = parsed.GetRequiredValue(shown);
            LeaseEntry removed = await RemoveAsync(administration, unwanted, cancellation)
                ?? throw new OperatorException(
                    $"there is no lease {unwanted} in {administration.Description}; see what there is: overlay lease "
                        + "list");
            return await DoneReport.PrintAsync(parsed, Line(removed, unwanted, TimeProvider.System.GetUtcNow()));
        }));
        return command;
    }

    private static async Task<LeaseEntry?> RemoveAsync(
        ILeaseAdministration administration, string shown, CancellationToken cancellation)
    {
        if (Ipv4Prefix.TryParse(shown, out Ipv4Prefix subnet)
            && await administration.RemoveAsync(new SubnetKey(subnet).Format(), cancellation) is { } lease)
        {
            return lease;
        }

        IReadOnlyList<LeaseEntry> entries = await administration.ListAsync(config: null, cancellation);
        LeaseEntry[] meant = [.. entries.Where(entry => entry.Name == shown || LeaseTable.NameOf(entry) == shown)];
        return meant switch
        {
            [] => null,
            [var only] => await administration.RemoveAsync(only.Name, cancellation),
            _ => throw new OperatorException(
                $"{meant.Length} entries of {administration.Description} are shown as {shown}, so none is removed; "
                    + "remove the one that is meant by the store's own means"),
        };
    }

    private static string Line(LeaseEntry removed, string subnet, DateTimeOffset now)
    {
        if (removed.Attributes is null)
        {
            return $"removed {subnet}, which could not be read as a lease";
        }

        string host = removed.Attributes.PublicIp.ToString();
        return removed.Expires <= now
            ? $"removed the lease {subnet} of {host}, which had expired"
            : $"removed the {(removed.IsReservation ? "reservation" : "lease")} {subnet} of {host}; "
                + "if that host is running with it, it takes the subnet back at once: stop it first to free the subnet";
    }
}
