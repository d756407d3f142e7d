using System.IO;
using System.Net.Sockets;
using System.Text;
using System.Threading;
using Overlay.Daemon.Lab;
using Xunit;

namespace Overlay.Daemon.Tests.Lab;

public sealed class DaemonCountersTests
{
    [Fact]
    public void The_answer_of_a_daemon_is_read()
    {
        DaemonCounters counters = ReadAnswer(
            """{"outbound":{"packets":3,"bytes":252},"inbound":{"packets":2,"bytes":168},"drops":{"no_route":3},"notes":{"x":1}}""");

        Assert.Equal(new DaemonCounters.Flow(3, 252), counters.Outbound);
        Assert.Equal(new DaemonCounters.Flow(2, 168), counters.Inbound);
        Assert.Equal(3, counters.Drops["no_route"]);
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("{\"outbound\":")]
    public void An_answer_that_is_none_is_refused(string answer) =>
        Assert.Throws<LabException>(() => ReadAnswer(answer));

    [Fact]
    public void Nobody_behind_the_socket_is_one_line() =>
        Assert.Throws<LabException>(() => DaemonCounters.Read("/nonexistent/overlay.sock"));

    [Fact]
    public void Drops_of_several_daemons_add_up_by_reason()
    {
        var one = new DaemonCounters { Drops = { ["no_route"] = 1, ["ttl_expired"] = 2 } };
        var other = new DaemonCounters { Drops = { ["no_route"] = 4 } };

        Assert.Equal("[no_route, 5] [ttl_expired, 2]", string.Join(' ', DaemonCounters.SumDrops([one, other])));
    }

    private static DaemonCounters ReadAnswer(string answer)
    {
        string path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(path));
        listener.Listen(1);
        var serving = new Thread(() =>
        {
            using Socket connection = listener.Accept();
            _ = connection.Send(Encoding.UTF8.GetBytes(answer));
        });
        serving.Start();
        try
        {
            return DaemonCounters.Read(path);
        }
        finally
        {
            serving.Join();
            File.Delete(path);
        }
    }
}
