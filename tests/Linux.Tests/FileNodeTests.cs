using System;
using System.IO;
using System.Net.Sockets;
using Xunit;

namespace Overlay.Linux.Tests;

public sealed class FileNodeTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("overlay-linux-tests-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void Each_kind_is_distinguished_from_the_others_without_opening_it()
    {
        string file = Path.Combine(_directory, "file");
        string socketPath = Path.Combine(_directory, "socket");
        File.WriteAllText(file, string.Empty);
        using Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(socketPath));

        Assert.Equal(FileNodeKind.Regular, FileNode.KindOf(file));
        Assert.Equal(FileNodeKind.Directory, FileNode.KindOf(_directory));
        Assert.Equal(FileNodeKind.Socket, FileNode.KindOf(socketPath));
        Assert.Equal(FileNodeKind.Other, FileNode.KindOf("/dev/null"));
        Assert.Equal(FileNodeKind.None, FileNode.KindOf(Path.Combine(_directory, "nothing")));
    }

    [Theory]
    [InlineData("/dev/null", FileNodeKind.Other)]
    [InlineData("/proc/self/status", FileNodeKind.Regular)]
    [InlineData("/no/where", FileNodeKind.None)]
    public void A_link_is_what_it_leads_to(string target, FileNodeKind kind)
    {
        string link = Path.Combine(_directory, "link");
        File.CreateSymbolicLink(link, target);

        Assert.Equal(kind, FileNode.KindOf(link));
    }
}
