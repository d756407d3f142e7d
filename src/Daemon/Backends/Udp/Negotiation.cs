using System;
using System.Collections.Generic;
using System.Linq;
using Overlay.Linux;
using Overlay.Router.Ports;
using Overlay.Router.Workers;
using Overlay.Tun;

namespace Overlay.Daemon.Backends.Udp;

/// <summary>Asks the kernel for the accelerations that are wanted, and notes what it answers.</summary>
internal sealed class Negotiation
{
    private readonly HashSet<Acceleration> _wanted;
    private readonly Accelerations _answers = new();
    private readonly bool _breaksFullTrains;

    /// <param name="wanted">What is asked for; everything else stays off.</param>
    /// <param name="kernel">The kernel's version.</param>
    internal Negotiation(IEnumerable<Acceleration> wanted, Version kernel)
    {
        _breaksFullTrains = KernelFaults.BreaksFullTrains(kernel);
        _wanted = [.. wanted];
        NeedsVirtioNetHeader = _wanted.Any(acceleration => acceleration
            is Acceleration.TunTso or Acceleration.TunUso or Acceleration.TunTcpGro or Acceleration.TunUdpGro);
    }

    /// <summary>Whether packets at the device need a header that says what is unfinished about them.</summary>
    internal bool NeedsVirtioNetHeader { get; }

    /// <summary>Asks. What the kernel does not have is done without.</summary>
    internal Accelerations Hold(TunDevice tun, IReadOnlyList<UdpPort> ports)
    {
        Ask(tun);
        return Hold(ports);
    }

    /// <summary>Asks for what concerns sockets alone.</summary>
    internal Accelerations Hold(IReadOnlyList<UdpPort> ports)
    {
        foreach (UdpPort port in ports)
        {
            _ = port.SetErrorReports(true); // without them a narrow path is found out by the first train it refuses
        }

        Ask(Acceleration.Mmsg, ports, port => port.ProbeMessageBatches());
        Ask(Acceleration.UdpGro, ports, port => port.SetReceiveTrains(true));
        Ask(
            Acceleration.UdpGso, ports,
            port => _breaksFullTrains ? SyscallResult.FromErrno(Errno.EOPNOTSUPP) : port.ProbeSendTrains());
        return _answers;
    }

    private void Ask(TunDevice tun)
    {
        if (!NeedsVirtioNetHeader)
        {
            return;
        }

        TunOffloads asked = TunOffloads.None;
        if (_wanted.Contains(Acceleration.TunTso))
        {
            asked |= TunOffloads.Checksum | TunOffloads.TcpV4 | TunOffloads.TcpV6 | TunOffloads.TcpEcn;
        }

        if (_wanted.Contains(Acceleration.TunUso))
        {
            asked |= TunOffloads.Checksum | TunOffloads.UdpV4 | TunOffloads.UdpV6;
        }

        Errno firstRefusal = tun.NegotiateOffloads(asked);
        Errno refusal = firstRefusal == Errno.None ? Errno.EINVAL : firstRefusal;
        Note(Acceleration.TunTso, tun.Offloads.HasFlag(TunOffloads.TcpV4) ? Errno.None : refusal);
        Note(Acceleration.TunUso, tun.Offloads.HasFlag(TunOffloads.UdpV4) ? Errno.None : refusal);
        Note(Acceleration.TunTcpGro, Errno.None);
        Note(Acceleration.TunUdpGro, tun.TakesUdpSuperpackets ? Errno.None : refusal);
    }

    private void Ask(Acceleration acceleration, IReadOnlyList<UdpPort> ports, Func<UdpPort, SyscallResult> ask)
    {
        if (_wanted.Contains(acceleration))
        {
            Note(acceleration, ports.Select(port => ask(port).Errno).FirstOrDefault(errno => errno != Errno.None));
        }
    }

    private void Note(Acceleration acceleration, Errno refusal)
    {
        if (!_wanted.Contains(acceleration))
        {
            return;
        }

        if (refusal == Errno.None)
        {
            _answers.SetOn(acceleration);
        }
        else
        {
            _answers.SetUnavailable(acceleration, refusal);
        }
    }
}
