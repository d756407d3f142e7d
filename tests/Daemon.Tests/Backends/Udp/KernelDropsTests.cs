using System;
using System.Linq;
using System.Threading.Tasks;
using Overlay.Control;
using Overlay.Daemon.Backends.Udp;
using Xunit;

namespace Overlay.Daemon.Tests.Backends.Udp;

public sealed class KernelDropsTests
{
    [Fact]
    public async Task Many_may_ask_at_once_and_each_gets_an_answer()
    {
        const int Askers = 8, Questions = 250;
        using var drops = KernelDrops.Of(deviceIndex: 1, []); // lo

        KernelReport[][] answers = await Task.WhenAll(Enumerable.Range(0, Askers).Select(_ => Task.Run(
            () => Enumerable.Range(0, Questions).Select(_ => drops.Read()).ToArray(),
            TestContext.Current.CancellationToken))).WaitAsync(
                TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);

        Assert.All(answers.SelectMany(each => each), answer => Assert.NotNull(answer.TunQueueFull));
        Assert.Equal(Askers * Questions, answers.Sum(each => each.Length));
    }
}
