using System;
using System.Collections.Generic;
using System.Linq;
using Overlay.Linux;

namespace Overlay.Tun;

/// <summary>
/// A TUN interface that exists as long as this object: closing its descriptors removes it, its addresses and its
/// routes.
/// </summary>
public sealed class TunDevice : IDisposable
{
    // What is asked for, the best first: each step leaves out what the kernel may not know (UDP came with Linux 6.2).
    private static readonly TunOffloads[] s_ladder =
    [
        TunOffloads.Checksum | TunOffloads.TcpV4 | TunOffloads.TcpV6 | TunOffloads.TcpEcn
            | TunOffloads.UdpV4 | TunOffloads.UdpV6,
        TunOffloads.Checksum | TunOffloads.TcpV4 | TunOffloads.TcpV6 | TunOffloads.TcpEcn,
        TunOffloads.Checksum,
    ];

    private readonly TunQueue[] _queues;

    private TunDevice(string name, TunQueue[] queues)
    {
        Name = name;
        _queues = queues;
    }

    /// <summary>The interface's name when it was made.</summary>
    public string Name { get; }

    /// <summary>The device's queues. The kernel keeps a flow on one of them.</summary>
    public IReadOnlyList<TunQueue> Queues => _queues;

    /// <summary>What the kernel leaves to the reader.</summary>
    public TunOffloads Offloads { get; private set; }

    /// <summary>
    /// Whether the kernel takes UDP superpackets written to the device: it learned to write and to read them at once.
    /// </summary>
    public bool TakesUdpSuperpackets { get; private set; }

    /// <summary>Creates the interface, down and without an address.</summary>
    /// <param name="name">1 to 15 bytes, taken literally.</param>
    /// <param name="virtioNetHeader">Whether a virtio-net header stands before each packet.</param>
    /// <param name="queues">1 to 256.</param>
    /// <exception cref="LinuxException">The driver, the privilege or the name is not available; the message says
    /// which.</exception>
    public static TunDevice Create(string name, bool virtioNetHeader = false, int queues = 1)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(queues);
        SafeFd first = TunControl.CreateInterface(name, virtioNetHeader, queues > 1);
        return WithQueues(name, first, virtioNetHeader, queues);
    }

    /// <summary>As <see cref="Create"/>, with the first free name of <c>tun0</c>, <c>tun1</c> …</summary>
    /// <param name="stem">What comes before the number, 1 to 13 bytes.</param>
    /// <param name="virtioNetHeader">As above.</param>
    /// <param name="queues">As above.</param>
    /// <exception cref="LinuxException">As above.</exception>
    public static TunDevice CreateNumbered(string stem, bool virtioNetHeader = false, int queues = 1)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(queues);
        SafeFd first = TunControl.CreateNumberedInterface(stem, out string name, virtioNetHeader, queues > 1);
        return WithQueues(name, first, virtioNetHeader, queues);
    }

    /// <summary>The interface that queues opened by an earlier owner belong to.</summary>
    /// <param name="queues">All of them, in order; they become this object's.</param>
    /// <param name="virtioNetHeader">What is wanted.</param>
    /// <returns>Null, and the queues are closed, when they are not all of one interface that is still there, or are
    /// not as wanted.</returns>
    public static TunDevice? Adopt(IReadOnlyList<SafeFd> queues, bool virtioNetHeader)
    {
        string? name = null;
        bool isWhole = queues.Count > 0;
        foreach (SafeFd queue in queues)
        {
            isWhole &= TunControl.TryIdentify(queue, out string itsName, out bool hasHeader, out bool isMultiQueue)
                && hasHeader == virtioNetHeader && isMultiQueue == queues.Count > 1 && itsName == (name ?? itsName);
            name ??= itsName;
        }

        if (isWhole)
        {
            return new TunDevice(name!, [.. queues.Select(queue => new TunQueue(queue, virtioNetHeader))]);
        }

        foreach (SafeFd queue in queues)
        {
            queue.Dispose();
        }

        return null;
    }

    private static TunDevice WithQueues(string name, SafeFd first, bool virtioNetHeader, int queues)
    {
        var opened = new List<TunQueue>(queues) { new(first, virtioNetHeader) };
        try
        {
            while (opened.Count < queues)
            {
                opened.Add(new TunQueue(TunControl.AddQueue(name, virtioNetHeader), virtioNetHeader));
            }

            return new TunDevice(name, [.. opened]);
        }
        catch
        {
            opened.ForEach(queue => queue.Dispose());
            throw;
        }
    }

    /// <summary>Takes over from the kernel what it lets us: the best step of a ladder that it accepts.</summary>
    /// <param name="wanted">What may be asked for at most; <see cref="TunOffloads.Checksum"/> comes with
    /// everything.</param>
    /// <returns>The errno of the first step that was refused; <see cref="Errno.None"/> when none was.</returns>
    public Errno NegotiateOffloads(TunOffloads wanted)
    {
        TakesUdpSuperpackets = TunControl.SetOffloads(
            _queues[0].Descriptor, TunOffloads.Checksum | TunOffloads.UdpV4 | TunOffloads.UdpV6).Succeeded;
        Errno firstRefusal = Errno.None;
        foreach (TunOffloads step in s_ladder)
        {
            TunOffloads asked = step & wanted;
            SyscallResult answer = TunControl.SetOffloads(_queues[0].Descriptor, asked);
            if (answer.Succeeded)
            {
                Offloads = asked;
                return firstRefusal;
            }

            firstRefusal = firstRefusal == Errno.None ? answer.Errno : firstRefusal;
        }

        Offloads = TunOffloads.None;
        return firstRefusal;
    }

    /// <summary>Removes the interface. The threads that use <see cref="Queues"/> have been joined by then.</summary>
    public void Dispose()
    {
        foreach (TunQueue queue in _queues)
        {
            queue.Dispose();
        }
    }
}
