using System;
using Overlay.Linux;
using Overlay.Router.Workers;
using Xunit;

namespace Overlay.Router.Tests.Workers;

public sealed class AccelerationsTests
{
    [Fact]
    public void Nothing_is_on_until_it_is_set_on_and_each_stands_for_itself()
    {
        foreach (Acceleration one in Accelerations.All)
        {
            var accelerations = new Accelerations();
            accelerations.SetOn(one);
            Assert.All(Accelerations.All, each => Assert.Equal(each == one, accelerations.IsOn(each)));
            Assert.All(Accelerations.All, each => Assert.Equal(Errno.None, accelerations.ReasonOf(each)));
        }
    }

    [Fact]
    public void The_state_and_its_reason_are_set_together()
    {
        foreach (Errno errno in Enum.GetValues<Errno>())
        {
            var accelerations = new Accelerations();
            accelerations.SetUnavailable(Acceleration.UdpGso, errno);
            Assert.Equal(AccelerationState.Unavailable, accelerations.StateOf(Acceleration.UdpGso));
            Assert.Equal(errno, accelerations.ReasonOf(Acceleration.UdpGso));
            accelerations.SetOn(Acceleration.UdpGso);
            accelerations.SwitchOff(Acceleration.UdpGso, errno);
            Assert.Equal(AccelerationState.SwitchedOff, accelerations.StateOf(Acceleration.UdpGso));
            Assert.Equal(errno, accelerations.ReasonOf(Acceleration.UdpGso));
            Assert.False(accelerations.IsOn(Acceleration.UdpGso));
        }
    }
}
