using Overlay.Linux;
using Overlay.Router.Ports;

namespace Overlay.Router.Metering;

/// <summary>An outer socket whose use by one worker is metered.</summary>
internal sealed class MeteredDatagramPort(IDatagramPort port, CallMeter meter, CopyLoad copies) : IDatagramPort
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
        meter.End(MeteredCall.UdpSend, began, BytesOf(batch, first, sent));
        return sent;
    }

    /// <inheritdoc/>
    public SyscallResult SendInFragments(SendBatch batch, int index)
    {
        long began = meter.Begin();
        SyscallResult sent = port.SendInFragments(batch, index);
        meter.End(MeteredCall.UdpSend, began, BytesOf(batch, index, sent));
        return sent;
    }

    /// <inheritdoc/>
    public bool TryReadError(out DatagramError error)
    {
        meter.Count(MeteredCall.UdpReceive);
        return port.TryReadError(out error);
    }

    /// <inheritdoc/>
    public void Pause(int milliseconds)
    {
        meter.Count(MeteredCall.Wait);
        port.Pause(milliseconds);
    }

    /// <inheritdoc/>
    public void WaitWritable(int timeoutMilliseconds)
    {
        meter.Count(MeteredCall.Wait);
        port.WaitWritable(timeoutMilliseconds);
    }

    /// <inheritdoc/>
    public SyscallResult SetReceiveTrains(bool on) => port.SetReceiveTrains(on);

    /// <inheritdoc/>
    public int FindPathMtu(uint address) => port.FindPathMtu(address);

    /// <inheritdoc/>
    public SyscallResult ProbeMessageBatches() => port.ProbeMessageBatches();

    private static long BytesOf(SendBatch batch, int first, SyscallResult sent)
    {
        long bytes = 0;
        for (int i = 0; sent.Succeeded && i < sent.Count; i++)
        {
            bytes += batch.BytesOf(first + i);
        }

        return bytes;
    }
}
