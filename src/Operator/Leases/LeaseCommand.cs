using System;
using System.CommandLine;
using Overlay.Net;
using Overlay.Operator.Stores;
using Overlay.Terminal;

namespace Overlay.Operator.Leases;

/// <summary><c>overlay lease</c>: what an operator sees and changes of the leases.</summary>
public static class LeaseCommand
{
    /// <summary>The command.</summary>
    public static Command Create()
    {
        LeaseStoreOptions store = new(kube: new KubeStoreOptions(isForDaemon: false));
        var command = new Command("lease", "See and change who holds which subnet.")
        {
            LeaseListCommand.Create(store),
            LeaseWatchCommand.Create(store),
            LeaseReserveCommand.Create(store),
            LeaseRemoveCommand.Create(store),
        };
        store.AddTo(command);
        return command;
    }

    /// <summary>The argument that names a subnet.</summary>
    internal static Argument<Ipv4Prefix?> Subnet() => new("SUBNET")
    {
        Description = "the subnet, for example 10.244.7.0/24",
        Arity = ArgumentArity.ExactlyOne,
        CustomParser = OptionParser.Of<Ipv4Prefix?>(
            "SUBNET", text => Ipv4Prefix.TryParse(text, out Ipv4Prefix subnet)
                && subnet.Length < 32 ? subnet : null, "a subnet like 10.244.7.0/24"),
    };

    /// <summary>The value an argument must have by the time its command runs.</summary>
    internal static T Given<T>(T? value)
        where T : struct => value ?? throw new InvalidOperationException("the parser has let a missing value pass");
}
