using System;
using System.Collections.Generic;
using System.Linq;
using Overlay.Lab;
using Overlay.Linux;
using Overlay.Tun;
using Xunit;

namespace Overlay.Netns.Tests.Support;

/// <summary>
/// A TUN of the test's own: what is written to it the kernel forwards; what the kernel routes to it is read.
/// </summary>
internal sealed class CraftedTun : IDisposable
{
    private readonly TunDevice _device;
    private readonly byte[] _frame = new byte[64 * 1024];

    /// <summary>Creates it, up.</summary>
    /// <param name="ip">Configures it.</param>
    /// <param name="networkNamespace">Where it is.</param>
    /// <param name="name">Its name.</param>
    /// <param name="virtioNetHeader">True to write superpackets; false to read packets that the kernel has cut and
    /// completed.</param>
    /// <param name="routes">What the kernel sends to it: <c>10.244.0.0/16</c>.</param>
    internal CraftedTun(
        IpCommand ip, string networkNamespace, string name, bool virtioNetHeader, params IReadOnlyList<string> routes)
    {
        _device = LabNamespace.Run(networkNamespace, () => TunDevice.Create(name, virtioNetHeader));
        try
        {
            // A superpacket may become a thousand packets, which wait here together.
            ip.Batch(
                networkNamespace,
                [
                    $"link set {name} mtu 1472 txqueuelen 4000 up",
                    .. routes.Select(route => $"route add {route} dev {name}"),
                ]);
        }
        catch
        {
            _device.Dispose();
            throw;
        }
    }

    /// <summary>Hands a packet, with its virtio-net header where there is one, to the kernel.</summary>
    internal void Write(byte[] frame)
    {
        SyscallResult written = DescriptorIo.Write(_device.Queues[0].Descriptor, frame);
        Assert.True(written.Succeeded, $"the kernel did not take {frame.Length} bytes: {written.Errno}");
    }

    /// <summary>The next packets, each waited for.</summary>
    /// <param name="count">How many.</param>
    internal List<byte[]> Read(int count)
    {
        List<byte[]> packets = [];
        while (packets.Count < count)
        {
            SyscallResult read = default;
            bool isThere = Condition.Holds(
                () => (read = _device.Queues[0].Read(_frame)).Errno != Errno.EAGAIN,
                TestLab.Patience, TestContext.Current.CancellationToken);
            Assert.True(isThere && read.Succeeded, $"packet {packets.Count} of {count} did not come: {read.Errno}");
            packets.Add(_frame[..read.Count]);
        }

        return packets;
    }

    /// <summary>Reads and forgets what waits.</summary>
    /// <returns>How many packets.</returns>
    internal int Discard()
    {
        int count = 0;
        while (_device.Queues[0].Read(_frame).Succeeded)
        {
            count++;
        }

        return count;
    }

    public void Dispose() => _device.Dispose();
}
