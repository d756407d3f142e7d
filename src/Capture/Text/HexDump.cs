using System;
using System.Text;

namespace Overlay.Capture.Text;

/// <summary>Bytes in hexadecimal, in the form of tcpdump -x and -X.</summary>
public static class HexDump
{
    private const int BytesOfLine = 16, DigitColumns = 39; // eight groups of four digits, a blank between two

    /// <summary>Appends the lines; each ends with a line feed.</summary>
    /// <param name="text">Takes them.</param>
    /// <param name="bytes">Any number.</param>
    /// <param name="hasAscii">Whether the characters stand beside them; a point for what is no printable ASCII.</param>
    public static void Append(StringBuilder text, ReadOnlySpan<byte> bytes, bool hasAscii)
    {
        for (int offset = 0; offset < bytes.Length; offset += BytesOfLine)
        {
            ReadOnlySpan<byte> line = bytes.Slice(offset, Math.Min(BytesOfLine, bytes.Length - offset));
            text.Append($"\t0x{offset:x4}:  ");
            int start = text.Length;
            for (int i = 0; i < line.Length; i++)
            {
                text.Append(i > 0 && i % 2 == 0 ? " " : "").Append($"{line[i]:x2}");
            }

            if (hasAscii)
            {
                text.Append(' ', start + DigitColumns + 2 - text.Length);
                foreach (byte each in line)
                {
                    text.Append(each is > 0x20 and < 0x7f ? (char)each : '.');
                }
            }

            text.Append('\n');
        }
    }
}
