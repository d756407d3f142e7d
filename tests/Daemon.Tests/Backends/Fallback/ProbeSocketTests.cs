using System;
using System.Net;
using System.Net.Sockets;
using System.Threading.Tasks;
using Overlay.Daemon.Backends.Fallback;
using Overlay.Net;
using Overlay.Testing;
using Xunit;
using static Overlay.Daemon.Tests.Leases.LoopRig;
using static Overlay.Testing.PacketBuilder;

namespace Overlay.Daemon.Tests.Backends.Fallback;

/// <summary>Between two addresses of the loopback interface.</summary>
public sealed class ProbeSocketTests
{
    private const string Loopback = "lo";
    private const int Index = 1;

    private static readonly Ipv4Address s_own = Address("127.0.0.1"), s_peer = Address("127.0.0.2");
    private static readonly ProbeMessage s_question = new(IsAnswer: false, VxlanWorks: true, Nonce: 7);

    private readonly LineLog _log = new();
    private readonly ushort _port = FreePort();

    [Fact]
    public void Without_a_descriptor_left_it_is_opened_with_a_later_question_and_a_refusal_that_stays_is_logged_once()
    {
        Needs.Root("binds a socket to an interface");
        int refusals = 3;
        using ProbeSocket usual = NewSocket((_, _) => null);
        using var socket = new ProbeSocket(Loopback, _port, (_, _) => null, _log)
        {
            MakeSocket = () => refusals-- > 0
                ? throw new SocketException((int)SocketError.TooManyOpenSockets)
                : usual.MakeSocket(),
        };

        Assert.False(socket.Follow(Index, s_own));
        Assert.Empty(_log.Lines);
        Assert.False(socket.Follow(Index, s_own));
        Assert.False(socket.Follow(Index, s_own));
        Assert.Contains($"whether {Loopback} reaches them", Assert.Single(_log.Lines), StringComparison.Ordinal);

        Assert.True(socket.Follow(Index, s_own));
        Assert.False(socket.Follow(Index, s_own)); // open already
        Assert.Single(_log.Lines);
    }

    [Fact]
    public async Task A_message_that_cannot_be_taken_does_not_end_receiving_unseen()
    {
        Needs.Root("binds a socket to an interface");
        using ProbeSocket peer = NewSocket((_, _) => null);
        using ProbeSocket socket = NewSocket((_, _) => throw new InvalidOperationException("a defect"));
        Assert.True(peer.Follow(Index, s_peer));
        Assert.True(socket.Follow(Index, s_own));

        await Until(() =>
        {
            peer.Send(s_own, s_question);
            return Record.Exception(() => { _ = socket.Follow(Index, s_own); }) is InvalidOperationException;
        });
    }

    private static ushort FreePort()
    {
        using var socket = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        return (ushort)((IPEndPoint)socket.Client.LocalEndPoint!).Port;
    }

    private ProbeSocket NewSocket(Func<Ipv4Address, ProbeMessage, ProbeMessage?> receive) =>
        new(Loopback, _port, receive, _log);
}
