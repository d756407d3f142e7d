namespace Overlay.Linux;

/// <summary>What a socket holds and may hold, and what did not fit (SO_MEMINFO; Linux 4.12).</summary>
/// <remarks>In bytes of the kernel's own accounting, which is about twice what a datagram has on the wire.</remarks>
/// <param name="ReceiveQueueBytes">Received and not read yet.</param>
/// <param name="ReceiveBufferBytes">The most of that.</param>
/// <param name="SendQueueBytes">Sent and not taken by the network device yet.</param>
/// <param name="SendBufferBytes">The most of that.</param>
/// <param name="DroppedMessages">
/// Since the socket was opened, modulo 2^32: the receive buffer was full, or a checksum was wrong. With trains a
/// message is a datagram or a whole train.
/// </param>
public readonly record struct SocketMemory(
    uint ReceiveQueueBytes, uint ReceiveBufferBytes, uint SendQueueBytes, uint SendBufferBytes, uint DroppedMessages);
