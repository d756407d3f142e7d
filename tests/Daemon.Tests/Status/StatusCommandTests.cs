using System;
using System.Collections.Generic;
using System.IO;
using System.Net.Sockets;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using Overlay.Control;
using Overlay.Operator.Status;
using Xunit;

namespace Overlay.Daemon.Tests.Status;

public sealed class StatusCommandTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("overlay-status-");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public async Task Where_no_daemon_runs_the_exit_code_is_3()
    {
        Assert.Equal(3, await AskAsync());
        string path = ControlProtocol.PathIn(_directory.FullName);
        using (var left = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
        {
            left.Bind(new UnixDomainSocketEndPoint(path)); // and nobody listens
            Assert.Equal(3, await AskAsync());
        }
    }

    [Theory]
    [InlineData(ControlCommands.Counters, "{}")]
    [InlineData(ControlCommands.Status, "no json")]
    public async Task A_daemon_that_refuses_or_is_not_understood_is_one_that_runs_and_the_exit_code_is_4(
        string command, string answer)
    {
        await using var server = ControlServer.Listen(_directory.FullName, new Dictionary<string, ControlHandler>
        {
            [command] = async (parts, cancellation) =>
                await parts.WriteAsync(Encoding.UTF8.GetBytes(answer), cancellation),
        });
        Assert.Equal(4, await AskAsync());
    }

    private Task<int> AskAsync() => StatusCommand.Create().Parse(["--run-dir", _directory.FullName])
        .InvokeAsync(cancellationToken: Cancellation);
}
