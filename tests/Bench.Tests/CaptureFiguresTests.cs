using Overlay.Bench.Capturing;
using Overlay.Bench.Results;
using Xunit;

namespace Overlay.Bench.Tests;

public sealed class CaptureFiguresTests
{
    [Fact]
    public void Each_case_is_a_line_with_its_medians_and_their_share_of_those_without_a_capture() => Assert.Equal(
        "without               TCP  10.00 Gbit/s (1.000)   UDP 64 B   500.0 kpps (1.000)\n"
            + "with all the headers  TCP   9.00 Gbit/s (0.900)   UDP 64 B   450.0 kpps (0.900)\n",
        new CaptureFigures(
        [
            new CaptureCase("without", Spread.Of([10, 9, 11, 10, 10]), Spread.Of([500, 500, 500, 400, 600])),
            new CaptureCase("with all the headers", Spread.Of([9, 9, 9, 8, 10]), Spread.Of([450, 450, 450, 1, 900])),
        ]).ToText());
}
