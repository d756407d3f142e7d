using System.CommandLine;
using Overlay.Lease;
using Overlay.Net;
using Overlay.Operator.Config;
using Overlay.Operator.Stores;
using Overlay.Terminal;

namespace Overlay.Operator.Leases;

/// <summary><c>overlay lease reserve</c>: a subnet that a host keeps whether it runs or not.</summary>
internal static class LeaseReserveCommand
{
    internal static Command Create(LeaseStoreOptions store)
    {
        Argument<Ipv4Prefix?> subnet = LeaseCommand.Subnet();
        var publicIp = new Option<Ipv4Address?>("--public-ip")
        {
            Description = "the host the subnet is for: the address other hosts send to",
            HelpName = "IP",
            Required = true,
            CustomParser = OptionParser.Of<Ipv4Address?>(
                "--public-ip",
                text => Ipv4Address.TryParse(text, out Ipv4Address address) ? address : null,
                "an IPv4 address"),
        };
        var command = new Command(
            "reserve", "Give a host a subnet without end; its lease of that subnet, if it has one, loses its "
                + "end.") { subnet, publicIp };
        store.RequireFor(command);
        command.SetAction((parsed, cancellation) => store.AdministerAsync(parsed, async administration =>
        {
            Ipv4Prefix wanted = LeaseCommand.Given(parsed.GetValue(subnet));
            Ipv4Address host = LeaseCommand.Given(parsed.GetValue(publicIp));
            NetworkConfig config = await StoredConfig.ReadAsync(administration, cancellation);
            LeaseReservation done = await administration.ReserveAsync(config, wanted, host, cancellation);
            return await DoneReport.PrintAsync(parsed, Line(done, wanted, host.ToString()));
        }));
        return command;
    }

    private static string Line(LeaseReservation done, Ipv4Prefix subnet, string host)
    {
        string line = done.Kind switch
        {
            ReservationKind.FromLease => $"the lease {subnet} of {host} has no end any more",
            ReservationKind.Unchanged => $"{subnet} is reserved for {host} already; nothing is changed",
            _ => $"{subnet} is reserved for {host}",
        };
        return done.AlsoHeld is { } other
            ? $"{line}; the host holds {other} now and takes the reserved subnet when it next starts"
            : line;
    }
}
