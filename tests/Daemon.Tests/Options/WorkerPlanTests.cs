using Overlay.Daemon.Options;
using Overlay.Router.Forwarding;
using Xunit;

namespace Overlay.Daemon.Tests.Options;

public sealed class WorkerPlanTests
{
    [Theory]
    [InlineData(nameof(WorkerLayout.Duplex), 1, "one thread for both ways")]
    [InlineData(nameof(WorkerLayout.Pair), 1, "one thread each way")]
    [InlineData(nameof(WorkerLayout.Pair), 4, "4 threads each way")]
    [InlineData(nameof(WorkerLayout.Pipeline), 1, "two threads each way")]
    [InlineData(nameof(WorkerLayout.Pipeline), 4, "8 threads each way")]
    public void The_ready_line_says_how_many_threads_there_are(string layout, int lanes, string words) =>
        Assert.Equal(words, new WorkerPlan(System.Enum.Parse<WorkerLayout>(layout), lanes).ToString());
}
