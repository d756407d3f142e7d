using System;
using Overlay.Linux;

namespace Overlay.Tun;

/// <summary>A TUN interface that exists as long as this object: closing the descriptor removes it, its addresses and its routes.</summary>
public sealed class TunDevice : IDisposable
{
    private readonly SafeFd _fd;

    private TunDevice(string name, SafeFd fd)
    {
        Name = name;
        _fd = fd;
        Queue = new TunQueue(fd);
    }

    /// <summary>The interface's name.</summary>
    public string Name { get; }

    /// <summary>The device's one queue: a packet a call, without a virtio-net header, as stock flannel reads it.</summary>
    public TunQueue Queue { get; }

    /// <summary>Creates the interface, down and without an address.</summary>
    /// <param name="name">1 to 15 bytes, taken literally.</param>
    /// <exception cref="LinuxException">The driver, the privilege or the name is not available; the message says which.</exception>
    public static TunDevice Create(string name) => new(name, TunControl.CreateInterface(name));

    /// <summary>Removes the interface. The threads that use <see cref="Queue"/> have been joined by then.</summary>
    public void Dispose() => _fd.Dispose();
}
