using System;
using System.IO;
using Xunit;

namespace Overlay.Lease.Tests;

public sealed class RegularFileTests : IDisposable
{
    private readonly TestDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void A_file_without_end_is_not_read()
    {
        string path = _directory.PathOf("long");
        using (FileStream file = File.Create(path))
        {
            file.SetLength(1L << 40); // a hole of a terabyte
        }

        foreach (Action read in (Action[])[
            () => RegularFile.ReadAllText(path), () => RegularFile.ReadExactText(path),
            () => RegularFile.ReadAllBytes(path, 1 << 20)])
        {
            Assert.Matches("^it is longer than [0-9]+ bytes$", Assert.Throws<IOException>(read).Message);
        }
    }

    [Theory]
    [InlineData(new byte[] { (byte)'p', 0xFF, (byte)'w' }, null)]
    [InlineData(new byte[] { 0xEF, 0xBB, 0xBF, (byte)'p', 0xFF }, null)]
    [InlineData(new byte[] { 0xEF, 0xBB, 0xBF, (byte)'p', (byte)'w' }, "pw")]
    [InlineData(new byte[] { (byte)'p', 0xC3, 0xA4 }, "p\u00e4")]
    public void Exact_text_is_exactly_what_was_saved_or_refused(byte[] content, string? text)
    {
        string path = _directory.PathOf("secret");
        File.WriteAllBytes(path, content);

        if (text is not null)
        {
            Assert.Equal(text, RegularFile.ReadExactText(path));
            return;
        }

        Assert.Equal("it is not UTF-8 text; save it as such", Assert.Throws<IOException>(
            () => RegularFile.ReadExactText(path)).Message);
    }
}
