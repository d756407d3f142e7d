using Overlay.Linux;
using Overlay.Router.Counters;
using Overlay.Router.Paths;
using Overlay.Router.Ports;
using Overlay.Router.Workers;

namespace Overlay.Router.Inbound;

/// <summary>Receiving, with everything that can go wrong with it.</summary>
/// <remarks>Owned by one thread.</remarks>
internal sealed class Receiver(WorkerContext context, IDatagramPort port, WorkerCounters counters)
{
    // A row of failures this long, none of which an error report explains, means that the socket will not recover.
    private const int MaximumFailuresInARow = 100;

    private readonly Accelerations _accelerations = context.Accelerations;
    private readonly ErrorReports _errors = new(port, counters, context.Paths, context.Routes);
    private int _failuresInARow;
    private bool _takesTrains = context.Accelerations.IsOn(Acceleration.UdpGro);

    /// <summary>Receives what waits.</summary>
    /// <returns>True when something was done, so that more may wait; false when nothing was waiting.</returns>
    /// <exception cref="LinuxException">The socket does not work any more.</exception>
    internal bool Receive(ReceiveBatch batch, int atMost)
    {
        if (_takesTrains && !_accelerations.IsOn(Acceleration.UdpGro))
        {
            _takesTrains = false; // whichever lane has found out
            _ = port.SetReceiveTrains(false);
        }

        SyscallResult received = port.Receive(batch, _accelerations.IsOn(Acceleration.Mmsg) ? atMost : 1);
        if (received.Succeeded)
        {
            _failuresInARow = 0;
            return true;
        }

        if (received.Errno == Errno.EAGAIN)
        {
            _failuresInARow = 0; // the socket works: it only has nothing
            return false;
        }

        counters.Note(CountedEvent.ReceiveFailed);
        counters.NoteRefusal(received.Errno);
        bool isExplained = _errors.Drain();
        if (received.Errno is Errno.ENOSYS or Errno.EINVAL or Errno.EPERM && _accelerations.IsOn(Acceleration.Mmsg))
        {
            _accelerations.SwitchOff(Acceleration.Mmsg, received.Errno); // a seccomp filter, as a rule
        }

        if (!isExplained && ++_failuresInARow > MaximumFailuresInARow)
        {
            throw new LinuxException("recvmsg", received.Errno, "could not receive from the UDP socket",
                "restart this daemon to open it again");
        }

        return true;
    }

    /// <summary>Whether a message arrived whole. What did not is counted, and is no packet.</summary>
    internal bool IsWhole(in ReceiveBatch.Message message)
    {
        if (!message.IsTruncated)
        {
            return true;
        }

        counters.Drop(DropReason.Truncated);
        if (message.SegmentBytes > 0)
        {
            // A train that the kernel had no right to make so long: its datagrams are lost, the next ones come one by
            // one.
            _accelerations.SwitchOff(Acceleration.UdpGro, Errno.EMSGSIZE);
        }

        return false;
    }

    /// <summary>Takes what the socket reports about datagrams sent earlier.</summary>
    internal void DrainErrors() => _ = _errors.Drain();
}
