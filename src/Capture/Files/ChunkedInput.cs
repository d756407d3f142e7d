using System;
using System.IO;
using System.Threading;
using System.Threading.Tasks;

namespace Overlay.Capture.Files;

/// <summary>Bytes of a stream, piece by piece, in memory that grows with what is there and not with what is claimed.
/// </summary>
/// <param name="stream">Where they come from. Read ahead, but never waited for longer than for what is asked.</param>
internal sealed class ChunkedInput(Stream stream)
{
    private const int FirstBytes = 64 * 1024;

    private byte[] _buffer = new byte[FirstBytes];
    private int _start, _length, _end;
    private bool _atEnd;

    /// <summary>The bytes in hand. Valid until the next read.</summary>
    internal ReadOnlyMemory<byte> Bytes => _buffer.AsMemory(_start, _length);

    /// <summary>How many bytes of the stream have been read and asked for.</summary>
    internal long Position { get; private set; }

    /// <summary>Lets go of the bytes in hand: the next ones follow them.</summary>
    internal void Pass()
    {
        _start += _length;
        _length = 0;
    }

    /// <summary>Takes more bytes in hand, behind those that are.</summary>
    /// <param name="count">How many, 0 or more.</param>
    /// <param name="cancellation">Ends the wait for them.</param>
    /// <returns>False when the stream ends before; then those that were there are in hand.</returns>
    internal async ValueTask<bool> TryReadAsync(int count, CancellationToken cancellation)
    {
        int wanted = _length + count;
        while (_end - _start < wanted && !_atEnd)
        {
            MakeRoom();
            int read = await stream.ReadAsync(_buffer.AsMemory(_end), cancellation);
            _end += read;
            _atEnd = read == 0;
        }

        int got = Math.Min(wanted, _end - _start);
        Position += got - _length;
        _length = got;
        return got == wanted;
    }

    /// <summary>Reads over bytes without keeping them; those in hand are let go.</summary>
    /// <returns>False when the stream ends before.</returns>
    internal async ValueTask<bool> TrySkipAsync(long count, CancellationToken cancellation)
    {
        Pass();
        while (count > 0)
        {
            int part = (int)Math.Min(count, FirstBytes);
            if (!await TryReadAsync(part, cancellation))
            {
                return false;
            }

            Pass();
            count -= part;
        }

        return true;
    }

    // Doubled only when it is full of bytes that the stream has had.
    private void MakeRoom()
    {
        if (_start > 0 && (_start == _end || _end == _buffer.Length))
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            _end -= _start;
            _start = 0;
        }

        if (_end == _buffer.Length)
        {
            Array.Resize(ref _buffer, _buffer.Length * 2);
        }
    }
}
