using System;
using System.Buffers;
using System.Collections.Generic;
using System.IO;
using System.Text;
using System.Text.Json;
using Overlay.Capture.Files;
using Overlay.Capture.Packets;
using Overlay.Capture.Text;
using Overlay.Linux;
using Overlay.Terminal;

namespace Overlay.Diagnosis.Decode;

/// <summary>Packets as text.</summary>
/// <param name="output">Takes it.</param>
/// <param name="request">How they are shown.</param>
/// <param name="options">The same.</param>
internal sealed class PrintedPackets(TextWriter output, DecodeRequest request, TextOptions options) : IPacketOutput
{
    private const int Piece = 32 * 1024; // characters that are collected before they are written

    private readonly StringBuilder _text = new();
    private readonly ArrayBufferWriter<byte> _bytes = new();
    private readonly EchoTimes _echoes = new();

    // The console passes over a broken pipe in silence, so the pipe itself has to be asked.
    private readonly bool _isConsole = ReferenceEquals(output, Console.Out);
    private bool _isBroken;

    /// <inheritdoc/>
    public bool Take(in CapturedPacket packet, in DecodedPacket decoded, CaptureInterface source, long number)
    {
        var context = new PacketContext(number, packet.Nanoseconds)
        {
            Direction = packet.Direction,
            Interface = source.Name is { } name ? TerminalText.Mask(name) : null,
            Note = packet.Comment is { } comment ? TerminalText.Mask(comment) : null,
            PacketId = packet.PacketId,
            RoundTrip = _echoes.Look(decoded, packet.Nanoseconds),
        };
        if (request.Form == DecodeForm.Json)
        {
            AppendJson(decoded, context);
        }
        else
        {
            AppendText(decoded, context);
        }

        if (_text.Length >= Piece)
        {
            Write();
        }

        return !_isBroken;
    }

    /// <inheritdoc/>
    public void Take(IEnumerable<InterfaceStatistics> statistics)
    {
        // No packet: nothing to show.
    }

    /// <inheritdoc/>
    public bool Flush()
    {
        Write();
        return !_isBroken;
    }

    private void AppendText(in DecodedPacket decoded, in PacketContext context)
    {
        if (request.Form == DecodeForm.Tree)
        {
            PacketTree.Append(_text, decoded, context);
        }
        else
        {
            PacketLines.Append(_text, decoded, context, options);
        }

        if (request.ShowsBytes)
        {
            ReadOnlyMemory<byte> bytes =
                request.ShowsLink ? decoded.Bytes : decoded.Bytes[decoded.Link.Bytes.Length..];
            HexDump.Append(_text, bytes.Span, request.ShowsAscii);
        }

        if (request.Form == DecodeForm.Tree)
        {
            _text.Append('\n');
        }
    }

    private void AppendJson(in DecodedPacket decoded, in PacketContext context)
    {
        _bytes.ResetWrittenCount();
        using (var json = new Utf8JsonWriter(_bytes))
        {
            PacketJson.Write(json, decoded, context);
        }

        _text.Append(Encoding.UTF8.GetString(_bytes.WrittenSpan)).Append('\n');
    }

    private void Write()
    {
        foreach (ReadOnlyMemory<char> chunk in _text.GetChunks())
        {
            output.Write(chunk.Span);
        }

        _text.Clear();
        output.Flush();
        _isBroken = _isConsole && StandardOutput.IsBroken();
    }
}
