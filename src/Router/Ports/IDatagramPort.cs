using Overlay.Linux;
using Overlay.Net;

namespace Overlay.Router.Ports;

/// <summary>
/// The outer socket: messages from and to other hosts. A message is a datagram, which carries one inner packet, or a
/// train of datagrams.
/// </summary>
/// <remarks>
/// One thread receives, one thread sends; they may be two. No call blocks but <see cref="WaitWritable"/> and
/// <see cref="Pause"/>.
/// </remarks>
public interface IDatagramPort : IReplyPort
{
    /// <summary>Readable when a message or an error report waits.</summary>
    SafeFd Descriptor { get; }

    /// <summary>The UDP port that every host listens on and that messages go to.</summary>
    ushort Port { get; }

    /// <summary>Empties the batch, then receives what waits.</summary>
    /// <param name="batch">Takes the messages.</param>
    /// <param name="atMost">1 to the batch's capacity.</param>
    /// <returns>Messages received, 1 or more; EAGAIN when none was waiting, or why receiving failed.</returns>
    SyscallResult Receive(ReceiveBatch batch, int atMost);

    /// <summary>Sets whether the kernel puts a peer's datagrams together into trains (UDP_GRO).</summary>
    /// <returns>0, or the errno when it cannot.</returns>
    SyscallResult SetReceiveTrains(bool on);

    /// <summary>Sends messages in order until one fails.</summary>
    /// <param name="batch">The messages.</param>
    /// <param name="first">Where to begin.</param>
    /// <param name="count">1 or more.</param>
    /// <returns>Messages sent, 1 or more; or why message <paramref name="first"/> could not be: EAGAIN when the send
    /// buffer is full.</returns>
    SyscallResult Send(SendBatch batch, int first, int count);

    /// <summary>
    /// Sends a message of one datagram that is longer than its path, in IP fragments if need be. Slower.
    /// </summary>
    /// <param name="batch">The messages.</param>
    /// <param name="index">Which of them.</param>
    /// <returns>1, or why it could not be sent even so.</returns>
    SyscallResult SendInFragments(SendBatch batch, int index);

    /// <summary>Asks the kernel for the path MTU to an address. Slow: for when a send has been refused.</summary>
    /// <param name="address">The peer's.</param>
    /// <returns>Bytes of the outer packet; 0 when it does not know.</returns>
    int FindPathMtu(Ipv4Address address);

    /// <summary>Takes one error report from the socket's queue.</summary>
    /// <returns>False when there is none.</returns>
    bool TryReadError(out DatagramError error);

    /// <summary>Tries whether one system call may send several messages: a filter (seccomp(2)) may forbid it.</summary>
    /// <returns>0, or the errno when not.</returns>
    SyscallResult ProbeMessageBatches();

    /// <summary>Waits for this time, whether or not the send buffer has room.</summary>
    void Pause(int milliseconds);

    /// <summary>Waits until the send buffer has room, at most for this time.</summary>
    void WaitWritable(int timeoutMilliseconds);
}
