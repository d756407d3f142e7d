using System;
using System.Buffers.Binary;
using System.IO;
using System.IO.Compression;
using System.Text;
using Xunit;

namespace Overlay.Bench.Tests;

/// <summary>
/// What can be said of a PNG file without decoding it: its size, and how many of its lines are not like the line above.
/// </summary>
internal sealed record PagePicture(int Width, int Height, int LinesWithSomethingNew)
{
    /// <summary>Reads a file whose pixels are whole bytes.</summary>
    internal static PagePicture Read(string path)
    {
        byte[] file = File.ReadAllBytes(path);
        Assert.Equal("\x89PNG\r\n\x1a\n", Encoding.Latin1.GetString(file, 0, 8));
        using MemoryStream packed = new();
        int width = 0, height = 0, channels = 0;
        for (int at = 8; at < file.Length;)
        {
            int length = BinaryPrimitives.ReadInt32BigEndian(file.AsSpan(at));
            ReadOnlySpan<byte> body = file.AsSpan(at + 8, length);
            switch (Encoding.ASCII.GetString(file, at + 4, 4))
            {
                case "IHDR":
                    width = BinaryPrimitives.ReadInt32BigEndian(body);
                    height = BinaryPrimitives.ReadInt32BigEndian(body[4..]);
                    Assert.Equal(8, body[8]);
                    channels = body[9] switch { 0 => 1, 2 => 3, 4 => 2, 6 => 4, _ => 0 };
                    break;
                case "IDAT":
                    packed.Write(body);
                    break;
            }

            at += 12 + length;
        }

        packed.Position = 0;
        using ZLibStream pixels = new(packed, CompressionMode.Decompress);
        byte[] above = new byte[width * channels];
        byte[] line = new byte[1 + width * channels];
        int changes = 0;
        for (int y = 0; y < height; y++)
        {
            pixels.ReadExactly(line);

            // Up: differences from the line above. Anything else is only used where it is shorter, which an empty
            // line's never is.
            bool isLikeAbove = line[0] == 2
                ? !line.AsSpan(1).ContainsAnyExcept((byte)0)
                : line.AsSpan(1).SequenceEqual(above);
            changes += isLikeAbove ? 0 : 1;
            line.AsSpan(1).CopyTo(above);
        }

        Assert.Equal(-1, pixels.ReadByte());
        return new PagePicture(width, height, changes);
    }
}
