using System;
using System.IO;
using Overlay.Terminal;

namespace Overlay.Diagnosis.Decode;

/// <summary>
/// A capture file that is being written: what is given at once is in it whole or not at all, so that it can be read
/// whatever ends it.
/// </summary>
/// <param name="file">Without a buffer of its own.</param>
/// <param name="path">For the message.</param>
internal sealed class CaptureOutput(FileStream file, string path) : Stream
{
    /// <inheritdoc/>
    public override bool CanRead => false;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override bool CanWrite => true;

    /// <inheritdoc/>
    public override long Length => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <inheritdoc/>
    public override void Flush() => file.Flush();

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    /// <summary>Writes whole blocks.</summary>
    /// <exception cref="OperatorException">They cannot be; the file is as it was before.</exception>
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        long before = file.CanSeek ? file.Position : 0;
        try
        {
            file.Write(buffer);
        }
        catch (IOException problem)
        {
            TakeBack(before);
            throw new OperatorException(
                $"'{path}' cannot be written any longer ({CaptureFile.Reason(problem)}); what it has so far can be "
                    + "read; make room, or give another file",
                problem);
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            file.Dispose();
        }

        base.Dispose(disposing);
    }

    // A part of it may be there.
    private void TakeBack(long length)
    {
        try
        {
            if (file.CanSeek)
            {
                file.SetLength(length);
            }
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException or ArgumentException)
        {
            // A device has no length.
        }
    }
}
