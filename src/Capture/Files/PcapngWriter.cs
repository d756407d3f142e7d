using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.IO;

namespace Overlay.Capture.Files;

/// <summary>Writes pcapng (IETF draft-ietf-opsawg-pcapng): one section, times in nanoseconds.</summary>
/// <remarks>One caller at a time. The stream stays open; <see cref="Flush"/> what is to be in it.</remarks>
public sealed class PcapngWriter
{
    /// <summary>So many bytes of blocks are collected before they are written.</summary>
    private const int BlockBytes = 64 * 1024;

    private const byte NanosecondExponent = 9;

    private readonly Stream _stream;
    private readonly bool _flushesEachPacket;
    private readonly BlockBuilder _blocks = new();
    private readonly List<CaptureInterface> _interfaces = [];

    /// <summary>Writes the section's header.</summary>
    /// <param name="stream">Takes the file; need not seek.</param>
    /// <param name="application">The program that writes, with its version.</param>
    /// <param name="system">The operating system.</param>
    /// <param name="flushesEachPacket">Whether a reader of the stream is to see each packet at once.</param>
    public PcapngWriter(Stream stream, string application, string system, bool flushesEachPacket = false)
    {
        _stream = stream;
        _flushesEachPacket = flushesEachPacket;
        _blocks.Begin(BlockType.Section)
            .Number(BlockType.ByteOrderMagic).Short(1).Short(0) // the version
            .Number(uint.MaxValue).Number(uint.MaxValue) // the length of the section is not known yet
            .Option(BlockOption.SectionSystem, system)
            .Option(BlockOption.SectionApplication, application)
            .EndOptions()
            .End();
        AfterBlock();
    }

    /// <summary>Adds an interface. It may follow packets of others.</summary>
    /// <returns>Its index, 0 or more.</returns>
    public int Add(CaptureInterface captured)
    {
        _blocks.Begin(BlockType.Interface)
            .Short((ushort)captured.LinkType).Short(0)
            .Number((uint)captured.SnapLength)
            .Option(BlockOption.InterfaceName, captured.Name)
            .Option(BlockOption.InterfaceDescription, captured.Description)
            .Option(BlockOption.InterfaceResolution, [NanosecondExponent])
            .Option(BlockOption.InterfaceFilter, captured.Filter is { } filter ? $"\0{filter}" : null)
            .EndOptions()
            .End();
        _interfaces.Add(captured);
        AfterBlock();
        return _interfaces.Count - 1;
    }

    /// <summary>Adds a packet.</summary>
    /// <param name="packet">Its bytes are copied. A time before 1970 is written as 1970.</param>
    /// <exception cref="ArgumentOutOfRangeException">Its interface has not been added.</exception>
    public void Write(in CapturedPacket packet)
    {
        DemandInterface(packet.Interface);
        _blocks.Begin(BlockType.EnhancedPacket)
            .Number((uint)packet.Interface)
            .HighLow((ulong)Math.Max(packet.Nanoseconds, 0))
            .Number((uint)packet.Bytes.Length)
            .Number((uint)Math.Max(packet.WireLength, packet.Bytes.Length))
            .Padded(packet.Bytes.Span)
            .Option(BlockOption.Comment, packet.Comment);
        if (packet.Direction != Packets.CaptureDirection.Unknown)
        {
            Span<byte> flags = stackalloc byte[4];
            BinaryPrimitives.WriteUInt32LittleEndian(flags, (uint)packet.Direction);
            _blocks.Option(BlockOption.PacketFlags, flags);
        }

        if (packet.DropCount > 0)
        {
            _blocks.Option(BlockOption.PacketDrops, packet.DropCount);
        }

        if (packet.PacketId is { } identifier)
        {
            _blocks.Option(BlockOption.PacketIdentifier, identifier);
        }

        _blocks.EndOptions().End();
        AfterBlock();
    }

    /// <summary>Adds what became of the capture on an interface.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The interface has not been added.</exception>
    public void Write(in InterfaceStatistics statistics)
    {
        DemandInterface(statistics.Interface);
        _blocks.Begin(BlockType.Statistics)
            .Number((uint)statistics.Interface)
            .HighLow((ulong)Math.Max(statistics.EndNanoseconds, 0))
            .Time(
                BlockOption.StatisticsStart,
                statistics.StartNanoseconds is { } start ? (ulong)Math.Max(start, 0) : null)
            .Time(BlockOption.StatisticsEnd, (ulong)Math.Max(statistics.EndNanoseconds, 0))
            .Option(BlockOption.StatisticsReceived, statistics.Received)
            .Option(BlockOption.StatisticsDropped, statistics.Dropped)
            .Option(BlockOption.StatisticsAccepted, statistics.Accepted)
            .Option(BlockOption.StatisticsDroppedBySystem, statistics.DroppedBySystem)
            .Option(BlockOption.StatisticsDelivered, statistics.Delivered)
            .EndOptions()
            .End();
        AfterBlock();
    }

    /// <summary>Hands everything to the stream, and has the stream hand it on.</summary>
    public void Flush()
    {
        if (!_blocks.Bytes.IsEmpty)
        {
            _stream.Write(_blocks.Bytes.Span);
            _blocks.Clear();
        }

        _stream.Flush();
    }

    private void DemandInterface(int index) =>
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)_interfaces.Count, nameof(index));

    private void AfterBlock()
    {
        if (_flushesEachPacket || _blocks.Bytes.Length >= BlockBytes)
        {
            Flush();
        }
    }
}
