using Overlay.Linux;
using Overlay.Router.Counters;
using Overlay.Router.Paths;
using Overlay.Router.Ports;
using Overlay.Router.Workers;

namespace Overlay.Router.Inbound;

/// <summary>
/// Receives messages and handles what goes wrong: counts, switches trains or batches off, or gives up.
/// </summary>
/// <remarks>Owned by one thread.</remarks>
internal sealed class Receiver(WorkerContext context, IDatagramPort port, WorkerCounters counters)
{
    // When this many calls fail one after another and no error report explains one, the socket will not recover.
    private const int MaximumConsecutiveFailures = 100;

    private readonly Accelerations _accelerations = context.Accelerations;
    private readonly ErrorReports _errors = new(port, counters, context.Paths, context.Routes, context.Errors);
    private int _consecutiveFailures;
    private bool _takesTrains = context.Accelerations.IsOn(Acceleration.UdpGro);

    /// <summary>Receives what waits.</summary>
    /// <param name="batch">Takes the messages; it stays empty when the call failed.</param>
    /// <param name="atMost">Messages, 1 to the batch's capacity.</param>
    /// <returns>True when more may wait, whether or not the call failed; false when nothing was waiting.</returns>
    /// <exception cref="LinuxException">The socket does not work any more.</exception>
    internal bool Receive(ReceiveBatch batch, int atMost)
    {
        if (_takesTrains && !_accelerations.IsOn(Acceleration.UdpGro))
        {
            _takesTrains = false; // another lane's receiver may have switched it off
            _ = port.SetReceiveTrains(false);
        }

        SyscallResult received = port.Receive(batch, _accelerations.IsOn(Acceleration.Mmsg) ? atMost : 1);
        if (received.Succeeded)
        {
            _consecutiveFailures = 0;
            return true;
        }

        if (received.Errno == Errno.EAGAIN)
        {
            _consecutiveFailures = 0; // the socket works, it is empty
            return false;
        }

        counters.Note(CountedEvent.ReceiveFailed);
        counters.NoteRefusal(received.Errno);
        bool isExplained = _errors.Drain();
        if (received.Errno is Errno.ENOSYS or Errno.EINVAL or Errno.EPERM && _accelerations.IsOn(Acceleration.Mmsg))
        {
            _accelerations.SwitchOff(Acceleration.Mmsg, received.Errno); // most likely a seccomp filter
        }

        if (!isExplained && ++_consecutiveFailures > MaximumConsecutiveFailures)
        {
            throw new LinuxException("recvmsg", received.Errno, "could not receive from the UDP socket",
                "restart this daemon to open it again");
        }

        return true;
    }

    /// <summary>Whether a message was received whole. One that was not is counted as dropped.</summary>
    internal bool IsWhole(in ReceiveBatch.Message message)
    {
        if (!message.IsTruncated)
        {
            return true;
        }

        counters.Drop(DropReason.Truncated);
        if (message.SegmentBytes > 0)
        {
            // The kernel must not make trains longer than a slot. The datagrams of this one are lost; from now on
            // datagrams are received one by one.
            _accelerations.SwitchOff(Acceleration.UdpGro, Errno.EMSGSIZE);
        }

        return false;
    }

    /// <summary>Reads what the socket reports about datagrams that were sent earlier.</summary>
    internal void DrainErrors() => _ = _errors.Drain();
}
