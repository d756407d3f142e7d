using System;
using System.Diagnostics;
using System.IO;
using System.Threading.Tasks;
using Overlay.Lease.Stores;
using Xunit;

namespace Overlay.Lease.Tests.Stores;

public sealed class FileLeaseStoreConfigTests : StoreFixture
{
    [Fact]
    public async Task The_config_is_read_and_completed()
    {
        await using FileLeaseStore store = NewStore();

        Assert.Equal(Config, await store.ReadConfigAsync(Cancel));
        Assert.Equal($"file:{Root}", store.Description);
    }

    [Fact]
    public async Task A_missing_config_is_one_line_with_an_example()
    {
        File.Delete(Path.Combine(Root, "config"));

        await Refuses("does not exist; create it, for example: {\"Network\":");
    }

    [Fact]
    public async Task A_config_that_cannot_be_read_is_one_line_with_an_example()
    {
        File.Delete(Path.Combine(Root, "config"));
        Directory.CreateDirectory(Path.Combine(Root, "config"));

        await Refuses("cannot be read");
    }

    [Theory]
    [InlineData("{\n \"Network\": 5\n}",
        "is not valid: invalid CIDR address: 5; found: { \"Network\": 5 }; correct it")]
    [InlineData("", "cannot be read (it is empty, or not a regular file)")]
    [InlineData(" ", "is not valid: the config is not valid JSON")]
    [InlineData("""{"Network":"10.0.0.0/29"}""", "network is too small. Minimum useful network prefix is /28")]
    public async Task An_invalid_config_is_one_line_with_the_content_found(string content, string text)
    {
        await File.WriteAllTextAsync(Path.Combine(Root, "config"), content, Cancel);

        await Refuses(text);
    }

    [Fact]
    public async Task A_config_that_is_a_pipe_is_refused_and_not_waited_for()
    {
        File.Delete(Path.Combine(Root, "config"));
        using (var mkfifo = Process.Start("mkfifo", Path.Combine(Root, "config")))
        {
            await mkfifo.WaitForExitAsync(Cancel);
        }

        await Refuses("not a regular file").WaitAsync(TimeSpan.FromSeconds(60), Cancel);
    }

    private async Task Refuses(string text)
    {
        await using FileLeaseStore store = NewStore();

        LeaseStoreException refusal =
            await Assert.ThrowsAsync<LeaseStoreException>(() => store.ReadConfigAsync(Cancel));

        Assert.Contains(Path.Combine(Root, "config"), refusal.Message, StringComparison.Ordinal);
        Assert.Contains(text, refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refusal.Message);
    }
}
