using System;
using System.Threading;
using Overlay.Lab;
using Overlay.Linux;

namespace Overlay.Netns.Tests.Support;

/// <summary>Shows every frame that passes an interface to whoever asks, on a thread of its own.</summary>
/// <remarks>
/// Frames pass unseen where the machine is busy. A frame is seen before programs at the ingress see it.
/// </remarks>
internal sealed class FrameTap : IDisposable
{
    private const int LongestFrame = 64 * 1024;

    private static readonly TimeSpan s_turn = TimeSpan.FromMilliseconds(20);

    private readonly PacketSocket _socket;
    private readonly Look _look;
    private readonly Thread _looking;
    private bool _enough;

    /// <summary>Begins.</summary>
    /// <param name="networkNamespace">Where the interface is.</param>
    /// <param name="interfaceName">Which one.</param>
    /// <param name="look">Is shown each frame.</param>
    internal FrameTap(string networkNamespace, string interfaceName, Look look)
    {
        _look = look;
        int index = LabNamespace.InterfaceIndex(networkNamespace, interfaceName);
        _socket = LabNamespace.Run(networkNamespace, () => PacketSocket.Open(index));
        _looking = new Thread(Turn) { IsBackground = true, Name = "frame-tap" };
        _looking.Start();
    }

    /// <summary>Looks at a frame, which is there until it returns.</summary>
    internal delegate void Look(ReadOnlySpan<byte> frame, PacketDirection direction);

    /// <summary>Ends it, once or more often; afterwards nothing is shown any more.</summary>
    public void Dispose()
    {
        if (!Volatile.Read(ref _enough))
        {
            Volatile.Write(ref _enough, true);
            _looking.Join();
            _socket.Dispose();
        }
    }

    private void Turn()
    {
        byte[] frame = new byte[LongestFrame];
        while (!Volatile.Read(ref _enough))
        {
            if (_socket.TryReceive(frame, s_turn, out int length, out PacketDirection direction))
            {
                _look(frame.AsSpan(0, length), direction);
            }
        }
    }
}
