using System;
using Overlay.Linux;
using Overlay.Net;
using Overlay.Router.Ports;

namespace Overlay.Router.Metering;

/// <summary>An outer socket whose use by one worker is metered.</summary>
/// <param name="port">The socket.</param>
/// <param name="meter">The worker's.</param>
/// <param name="copies">Copies what was received.</param>
/// <param name="scratch">Where the worker writes headers: what it sends from there counts as copied.</param>
internal sealed class MeteredDatagramPort(
    IDatagramPort port, CallMeter meter, CopyLoad copies, SlabPart scratch) : IDatagramPort
{
    /// <inheritdoc/>
    public SafeFd Descriptor => port.Descriptor;

    /// <inheritdoc/>
    public ushort Port => port.Port;

    /// <inheritdoc/>
    public SyscallResult Receive(ReceiveBatch batch, int atMost)
    {
        long began = meter.Begin();
        SyscallResult received = port.Receive(batch, atMost);
        long bytes = 0;
        for (int i = 0; i < batch.Count; i++)
        {
            bytes += batch[i].Bytes;
        }

        meter.End(MeteredCall.UdpReceive, began, bytes);
        for (int i = 0; i < batch.Count; i++)
        {
            copies.Copy(batch.BytesOf(i));
        }

        return received;
    }

    /// <inheritdoc/>
    public SyscallResult Send(SendBatch batch, int first, int count)
    {
        long began = meter.Begin();
        SyscallResult sent = port.Send(batch, first, count);
        Sent(batch, first, sent, began);
        return sent;
    }

    /// <inheritdoc/>
    public SyscallResult SendInFragments(SendBatch batch, int index)
    {
        long began = meter.Begin();
        SyscallResult sent = port.SendInFragments(batch, index);
        Sent(batch, index, sent, began);
        return sent;
    }

    /// <inheritdoc/>
    public SyscallResult Reply(Ipv4Address address, ushort number, ReadOnlySpan<byte> datagram) =>
        port.Reply(address, number, datagram);

    /// <inheritdoc/>
    public bool TryReadError(out DatagramError error)
    {
        long began = meter.Begin();
        bool isThere = port.TryReadError(out error);
        meter.End(MeteredCall.UdpReceive, began, 0);
        return isThere;
    }

    /// <inheritdoc/>
    public void Pause(int milliseconds)
    {
        long began = meter.Begin();
        port.Pause(milliseconds);
        meter.End(MeteredCall.Wait, began, 0);
    }

    /// <inheritdoc/>
    public void WaitWritable(int timeoutMilliseconds)
    {
        long began = meter.Begin();
        port.WaitWritable(timeoutMilliseconds);
        meter.End(MeteredCall.Wait, began, 0);
    }

    /// <inheritdoc/>
    public SyscallResult SetReceiveTrains(bool on) => port.SetReceiveTrains(on);

    /// <inheritdoc/>
    public int FindPathMtu(Ipv4Address address) => port.FindPathMtu(address);

    /// <inheritdoc/>
    public SyscallResult ProbeMessageBatches() => port.ProbeMessageBatches();

    private void Sent(SendBatch batch, int first, SyscallResult sent, long began)
    {
        int messages = sent.Succeeded ? sent.Count : 0;
        long bytes = 0;
        for (int i = first; i < first + messages; i++)
        {
            bytes += batch.BytesOf(i);
        }

        meter.End(MeteredCall.UdpSend, began, bytes);
        for (int i = first; i < first + messages; i++)
        {
            meter.CountCopy(batch.BytesIn(i, scratch.Start, scratch.LengthBytes));
        }
    }
}
