using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Net.Sockets;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using Overlay.Control;
using Overlay.Terminal;
using Xunit;

namespace Overlay.Daemon.Tests.Control;

public sealed class ControlSocketTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("overlay-control");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public async Task An_answer_of_many_parts_arrives_whole()
    {
        string text = string.Concat(Enumerable.Range(0, 500_000).Select(number => $"{number},")); // over 3 MiB
        await using ControlServer server = Listen((answer, cancellation) => answer.WriteAsync(text, cancellation));

        Assert.Equal(text, await ControlClient.AskAsync(_directory.FullName, "test", Cancellation));
    }

    [Fact]
    public async Task A_stream_is_sent_part_by_part_while_it_lasts()
    {
        var read = new SemaphoreSlim(0);
        await using ControlServer server = Listen(async (answer, cancellation) =>
        {
            for (int part = 0; part < 3; part++)
            {
                await answer.WriteAsync($"{part}", cancellation);
                await read.WaitAsync(cancellation); // the next one only after the client has this one
            }
        });

        var parts = new List<string>();
        await foreach (ReadOnlyMemory<byte> part in ControlClient.StreamAsync(
            _directory.FullName, "test", Cancellation))
        {
            parts.Add(Encoding.UTF8.GetString(part.Span));
            read.Release();
        }

        Assert.Equal(["0", "1", "2"], parts);
    }

    [Fact]
    public async Task A_client_that_leaves_ends_its_stream_in_the_daemon()
    {
        var ended = new TaskCompletionSource();
        await using ControlServer server = Listen(async (answer, cancellation) =>
        {
            await answer.WriteAsync("first", cancellation);
            try
            {
                await Task.Delay(Timeout.Infinite, cancellation);
            }
            finally
            {
                ended.SetResult();
            }
        });

        await foreach (ReadOnlyMemory<byte> _ in ControlClient.StreamAsync(_directory.FullName, "test", Cancellation))
        {
            break;
        }

        await ended.Task.WaitAsync(TimeSpan.FromSeconds(30), Cancellation);
    }

    [Fact]
    public async Task A_stop_ends_the_streams_and_the_client_gets_one_line()
    {
        ControlServer server = Listen(async (answer, cancellation) =>
        {
            await answer.WriteAsync("first", cancellation);
            await Task.Delay(Timeout.Infinite, cancellation);
        });

        OperatorException problem = await Assert.ThrowsAsync<OperatorException>(async () =>
        {
            await foreach (ReadOnlyMemory<byte> _ in ControlClient.StreamAsync(
                _directory.FullName, "test", Cancellation))
            {
                await server.DisposeAsync();
            }
        });
        Assert.Contains("no daemon answers at", problem.Message);
        Assert.DoesNotContain('\n', problem.Message);
    }

    [Fact]
    public async Task A_client_that_does_not_read_keeps_no_other_waiting()
    {
        byte[] much = new byte[8 << 20];
        await using ControlServer server = Listen((answer, cancellation) => answer.WriteAsync(much, cancellation));
        using Socket stuck = Connect();
        SendRequest(stuck, """{"version":1,"command":"test"}""");
        Assert.Equal(1, stuck.Receive(new byte[1])); // its answer has begun

        Assert.Equal(much.Length, (await ControlClient.AskAsync(_directory.FullName, "test", Cancellation)).Length);
    }

    [Fact]
    public async Task A_handler_that_does_not_heed_its_cancellation_does_not_keep_the_daemon()
    {
        var begun = new TaskCompletionSource();
        ControlServer server = Listen(async (_, _) =>
        {
            begun.SetResult();
            await Task.Delay(Timeout.Infinite, CancellationToken.None);
        });
        using Socket client = Connect();
        SendRequest(client, """{"version":1,"command":"test"}""");
        await begun.Task.WaitAsync(Cancellation);

        await server.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromMinutes(1), Cancellation);

        Assert.False(File.Exists(Path.Combine(_directory.FullName, "overlay.sock")));
    }

    [Fact]
    public async Task Clients_that_ask_nothing_keep_no_other_from_being_answered()
    {
        await using ControlServer server = Listen((answer, cancellation) => answer.WriteAsync("x", cancellation));
        Socket[] silent = [.. Enumerable.Range(0, ControlServer.MostClients + 8).Select(_ => Connect())];
        try
        {
            Assert.Equal("x", await ControlClient.AskAsync(_directory.FullName, "test", Cancellation));
        }
        finally
        {
            Array.ForEach(silent, socket => socket.Dispose());
        }
    }

    [Theory]
    [InlineData("""{"version":2}""", "the client speaks version 2 of the control protocol")]
    [InlineData("""{"version":1,"command":"no\u001b[31m\n"}""", "this daemon has no command 'no?[31m?' on its")]
    [InlineData("{", "this is no request of the control protocol: its JSON is not that of a request")]
    [InlineData("null", "this is no request of the control protocol")]
    [InlineData("""{"version":1,"command":null}""", "this is no request of the control protocol")]
    public async Task Whatever_is_asked_the_refusal_is_one_line_of_text(string request, string refusal)
    {
        await using ControlServer server = Listen((answer, cancellation) => answer.WriteAsync("x", cancellation));
        using Socket client = Connect();
        SendRequest(client, request);

        string line = await ReadRefusalAsync(client);
        Assert.StartsWith(refusal, line, StringComparison.Ordinal);
        Assert.DoesNotContain(line, char.IsControl);
    }

    [Fact]
    public async Task A_request_that_is_too_long_is_refused_before_it_is_read()
    {
        await using ControlServer server = Listen((answer, cancellation) => answer.WriteAsync("x", cancellation));
        using Socket client = Connect();
        client.Send([0, 1, 0, 1, (byte)ControlPartKind.Request]); // 65,537 bytes to come

        Assert.EndsWith(
            "a part of 65537 bytes, and at most 65536 are taken",
            await ReadRefusalAsync(client), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(
        """{"version":2,"command":"test"}""",
        "the client speaks version 2 of the control protocol, and this daemon version 1; use the overlay that the "
            + "daemon was started from")]
    [InlineData(
        """{"version":1,"command":"fly"}""",
        "this daemon has no command 'fly' on its control socket, only test; use the overlay that the daemon was "
            + "started from")]
    public async Task A_request_of_another_version_is_refused_with_the_remedy(string request, string refusal)
    {
        await using ControlServer server = Listen((answer, cancellation) => answer.WriteAsync("x", cancellation));
        using Socket client = Connect();
        SendRequest(client, request);

        Assert.Equal(refusal, await ReadRefusalAsync(client));
    }

    [Fact]
    public async Task A_client_that_expects_an_object_without_asking_gets_a_line_of_JSON_that_says_why_there_is_none()
    {
        await using ControlServer server = Listen((answer, cancellation) => answer.WriteAsync("x", cancellation));
        using Socket client = Connect();

        string text = Encoding.UTF8.GetString(await ReadToEndAsync(client));
        Assert.StartsWith("{\"error\":\"this daemon answers requests of control protocol 1", text);
    }

    [Theory]
    [InlineData(new byte[] { 0, 0, 0, 2, 1, (byte)'{', (byte)'x' })]
    [InlineData(new byte[] { 0, 0, 0, 0, 1 })]
    [InlineData(new byte[] { 0xff, 0xff, 0xff, 0xff, 1 })]
    [InlineData(new byte[] { 0, 0, 0, 0, 9 })]
    public async Task What_is_no_request_is_refused_and_the_next_client_is_served(byte[] bytes)
    {
        await using ControlServer server = Listen((answer, cancellation) => answer.WriteAsync("x", cancellation));
        using Socket client = Connect();
        client.Send(bytes);

        Assert.StartsWith(
            "this is no request of the control protocol: ",
            await ReadRefusalAsync(client), StringComparison.Ordinal);
        Assert.Equal("x", await ControlClient.AskAsync(_directory.FullName, "test", Cancellation));
    }

    [Fact]
    public async Task The_socket_is_its_owners_alone()
    {
        await using ControlServer server = Listen((answer, cancellation) => answer.WriteAsync("x", cancellation));
        Assert.Equal(
            UnixFileMode.UserRead | UnixFileMode.UserWrite,
            File.GetUnixFileMode(ControlProtocol.PathIn(_directory.FullName)));
    }

    [Fact]
    public void A_path_too_long_for_a_socket_is_refused_with_its_name()
    {
        string deep = Path.Combine(_directory.FullName, new string('d', 120));
        Directory.CreateDirectory(deep);
        Assert.Contains(
            deep,
            Assert.Throws<OperatorException>(
                () => ControlServer.Listen(deep, new Dictionary<string, ControlHandler>())).Message);
    }

    private ControlServer Listen(ControlHandler handler) => ControlServer.Listen(
        _directory.FullName, new Dictionary<string, ControlHandler> { ["test"] = handler });

    private Socket Connect()
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Connect(new UnixDomainSocketEndPoint(ControlProtocol.PathIn(_directory.FullName)));
        return socket;
    }

    private static void SendRequest(Socket socket, string request) =>
        socket.Send([0, 0, 0, (byte)request.Length, (byte)ControlPartKind.Request, .. Encoding.UTF8.GetBytes(request)]);

    private static async Task<string> ReadRefusalAsync(Socket socket)
    {
        byte[] bytes = await ReadToEndAsync(socket);
        Assert.Equal((byte)ControlPartKind.Refusal, bytes[4]);
        return Encoding.UTF8.GetString(bytes.AsSpan(5));
    }

    private static async Task<byte[]> ReadToEndAsync(Socket socket)
    {
        using var all = new MemoryStream();
        byte[] buffer = new byte[4096];
        while (await socket.ReceiveAsync(buffer, Cancellation) is > 0 and int received)
        {
            all.Write(buffer, 0, received);
        }

        return all.ToArray();
    }
}
