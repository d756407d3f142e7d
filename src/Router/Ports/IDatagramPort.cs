using Overlay.Linux;
using Overlay.Net;

namespace Overlay.Router.Ports;

/// <summary>
/// The outer socket: messages from and to other hosts. A message is a datagram of one inner packet, or a train of such.
/// </summary>
/// <remarks>
/// One thread receives, one thread sends; they may be two. No call blocks but <see cref="WaitWritable"/> and
/// <see cref="Pause"/>.
/// </remarks>
public interface IDatagramPort
{
    /// <summary>Readable when a message or an error waits.</summary>
    SafeFd Descriptor { get; }

    /// <summary>The port every host listens on: where messages go.</summary>
    ushort Port { get; }

    /// <summary>Empties the batch, then receives what waits.</summary>
    /// <param name="batch">Takes the messages.</param>
    /// <param name="atMost">1 to the batch's capacity.</param>
    /// <returns>Messages received, 1 or more; EAGAIN when none was waiting, or why receiving failed.</returns>
    SyscallResult Receive(ReceiveBatch batch, int atMost);

    /// <summary>Has the kernel put a peer's datagrams together into trains, or not.</summary>
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
    /// Sends a message of one datagram that was refused with EMSGSIZE, in fragments if need be. Slower.
    /// </summary>
    /// <param name="batch">The messages.</param>
    /// <param name="index">Which of them.</param>
    /// <returns>1, or why it could not be sent even so.</returns>
    SyscallResult SendInFragments(SendBatch batch, int index);

    /// <summary>
    /// Asks the kernel how long a packet to this address may be. Slow: for when a send has been refused.
    /// </summary>
    /// <param name="address">The peer.</param>
    /// <returns>Bytes of the outer packet; 0 when it does not know.</returns>
    int FindPathMtu(Ipv4Address address);

    /// <summary>Takes one error report from the socket's queue.</summary>
    /// <returns>False when there is none.</returns>
    bool TryReadError(out DatagramError error);

    /// <summary>Whether several messages go with one system call: a filter (seccomp(2)) may forbid it.</summary>
    /// <returns>0, or the errno when not.</returns>
    SyscallResult ProbeMessageBatches();

    /// <summary>Waits this long, whether or not the send buffer has room.</summary>
    void Pause(int milliseconds);

    /// <summary>Waits until the send buffer has room, at most this long.</summary>
    void WaitWritable(int timeoutMilliseconds);
}
