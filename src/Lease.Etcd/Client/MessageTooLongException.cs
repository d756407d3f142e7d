using System.IO;

namespace Overlay.Lease.Etcd.Client;

/// <summary>A message is longer than <see cref="GrpcFrames.MaximumMessageBytes"/>.</summary>
/// <param name="length">Of the message, in bytes.</param>
internal sealed class MessageTooLongException(long length)
    : IOException($"the answer has {length} bytes, more than the {GrpcFrames.MaximumMessageBytes} that are taken")
{
    internal long Length { get; } = length;
}
