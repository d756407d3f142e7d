using System;
using System.Collections.Generic;
using Overlay.Router.Counters;

namespace Overlay.Router.Metering;

/// <summary>The system calls of the packet threads, by purpose.</summary>
public enum MeteredCall
{
    /// <summary>A packet or superpacket from the TUN: read(2).</summary>
    TunRead,

    /// <summary>Messages to peers: sendmsg(2), sendmmsg(2).</summary>
    UdpSend,

    /// <summary>Messages from peers, and error reports: recvmsg(2), recvmmsg(2).</summary>
    UdpReceive,

    /// <summary>A packet or superpacket to the TUN: writev(2).</summary>
    TunWrite,

    /// <summary>Sleeping until something is to be done: ppoll(2).</summary>
    Wait,

    /// <summary>Waking another thread, and clearing the signal: write(2) and read(2) on an eventfd(2).</summary>
    Signal,
}

/// <summary>The names of the calls, as they appear in reports.</summary>
public static class MeteredCalls
{
    private static readonly string[] s_names = Array.ConvertAll(Enum.GetNames<MeteredCall>(), CounterName.FromMember);

    /// <summary>Every call.</summary>
    public static IReadOnlyList<MeteredCall> All { get; } = Enum.GetValues<MeteredCall>();

    /// <summary>Lower case with underscores: <c>tun_read</c>.</summary>
    public static string Name(this MeteredCall call) => s_names[(int)call];
}
