using System;
using System.Diagnostics;
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

    [Fact]
    public void The_owner_of_a_file_is_that_of_what_a_link_leads_to_and_unknown_where_there_is_none()
    {
        Assert.Equal((0u, 0u), FileNode.OwnersOf("/proc/1/stat"));
        Assert.Null(FileNode.OwnersOf(Path.Combine(_directory, "nothing")));
    }

    [Fact]
    public void What_is_shared_with_a_group_is_our_own_under_its_only_name()
    {
        const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        string file = Path.Combine(_directory, "file"), link = Path.Combine(_directory, "link");
        string twice = Path.Combine(_directory, "twice");
        File.WriteAllText(file, string.Empty);
        File.SetUnixFileMode(file, Private);
        File.CreateSymbolicLink(link, file);

        FileNode.ShareWithGroup(link, _directory); // somebody may have put it there, leading anywhere
        Assert.Equal(Private, File.GetUnixFileMode(file));

        Assert.True(Process.Start("ln", [file, twice]).WaitForExit(TimeSpan.FromSeconds(20)));
        FileNode.ShareWithGroup(twice, _directory);
        Assert.Equal(Private, File.GetUnixFileMode(file));

        File.Delete(twice);
        FileNode.ShareWithGroup(file, _directory);
        Assert.Equal(Private | UnixFileMode.GroupRead | UnixFileMode.GroupWrite, File.GetUnixFileMode(file));
        FileNode.ShareWithGroup(Path.Combine(_directory, "nothing"), _directory);
    }

    [Fact]
    public void What_is_shared_already_is_not_touched_again()
    {
        string file = Path.Combine(_directory, "file");
        File.WriteAllText(file, string.Empty);
        FileNode.ShareWithGroup(file, _directory);
        string changed = Changed();

        FileNode.ShareWithGroup(file, _directory);
        Assert.Equal(changed, Changed());

        string Changed() => Command.Run("stat", ["-c", "%z %a", file]); // chmod and chown set the time of change
    }

    [Fact]
    public void An_open_file_is_at_its_path_until_another_one_or_none_is()
    {
        string file = Path.Combine(_directory, "file"), other = Path.Combine(_directory, "other");
        File.WriteAllText(file, string.Empty);
        File.WriteAllText(other, string.Empty);
        using FileStream open = File.OpenRead(file);
        Assert.True(FileNode.IsAt(open.SafeFileHandle, file));
        Assert.False(FileNode.IsAt(open.SafeFileHandle, other));

        File.Move(other, file, overwrite: true);
        Assert.False(FileNode.IsAt(open.SafeFileHandle, file));
        File.Delete(file);
        Assert.False(FileNode.IsAt(open.SafeFileHandle, file));
    }
}
