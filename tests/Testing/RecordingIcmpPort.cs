using System;
using System.Collections.Generic;
using Overlay.Linux;
using Overlay.Net;
using Overlay.Router.IcmpErrors;

namespace Overlay.Testing;

/// <summary>Keeps the ICMP messages that would have been sent.</summary>
public sealed class RecordingIcmpPort : IIcmpPort
{
    public List<(Ipv4Address Destination, byte[] Message)> Sent { get; } = [];

    public Errno Errno { get; set; }

    public SyscallResult Send(ReadOnlySpan<byte> message, Ipv4Address destination)
    {
        if (Errno != Errno.None)
        {
            return SyscallResult.FromErrno(Errno);
        }

        Sent.Add((destination, message.ToArray()));
        return SyscallResult.FromCount(message.Length);
    }
}
