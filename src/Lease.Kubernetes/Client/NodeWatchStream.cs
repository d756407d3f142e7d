using System;
using System.Buffers;
using System.Collections.Generic;
using System.IO;
using System.IO.Pipelines;
using System.Net.Http;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;
using Overlay.Lease.Kubernetes.Nodes;

namespace Overlay.Lease.Kubernetes.Client;

/// <summary>A watch that stands: its events as they come, a line of JSON each.</summary>
internal sealed class NodeWatchStream : IAsyncDisposable
{
    private const int PieceBytes = 64 << 10;

    // An object in etcd has 1.5 MB at most; what is longer is no event.
    private const long LongestLine = 16 << 20;

    private readonly HttpResponseMessage _response;
    private readonly PipeReader _pipe;
    private readonly NodeReader _reader;
    private readonly Uri _server;
    private readonly TimeSpan _longestSilence;

    /// <param name="response">Answered with success; its own from here on.</param>
    /// <param name="body">Of the response.</param>
    /// <param name="reader">For each node.</param>
    /// <param name="server">For messages.</param>
    /// <param name="longestSilence">After so long without a byte, the connection counts as dead.</param>
    internal NodeWatchStream(
        HttpResponseMessage response, Stream body, NodeReader reader, Uri server, TimeSpan longestSilence)
    {
        _response = response;
        _pipe = PipeReader.Create(body, new StreamPipeReaderOptions(bufferSize: PieceBytes));
        _reader = reader;
        _server = server;
        _longestSilence = longestSilence;
    }

    /// <summary>Waits for events.</summary>
    /// <returns>All that have come, in order; none when the server has ended the watch as it was asked to.</returns>
    /// <exception cref="ApiException">The watch has broken off.</exception>
    internal async Task<IReadOnlyList<NodeEvent>> ReadAsync(CancellationToken cancellation)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(_longestSilence);
        try
        {
            while (true)
            {
                ReadResult piece = await _pipe.ReadAsync(patience.Token);
                ReadOnlySequence<byte> rest = piece.Buffer;
                List<NodeEvent> events = [];
                while (rest.PositionOf((byte)'\n') is { } end)
                {
                    ReadOnlySequence<byte> line = rest.Slice(0, end);
                    rest = rest.Slice(rest.GetPosition(1, end));
                    if (!line.IsEmpty)
                    {
                        events.Add(NodeEvent.Read(line, _reader));
                    }
                }

                _pipe.AdvanceTo(rest.Start, rest.End);
                if (events.Count > 0 || piece.IsCompleted)
                {
                    return events;
                }

                if (rest.Length > LongestLine)
                {
                    throw new JsonException("an event has no end");
                }
            }
        }
        catch (Exception problem) when (ApiFailures.IsExternal(problem))
        {
            cancellation.ThrowIfCancellationRequested();
            throw ApiFailures.Of(_server, ApiClient.WatchNodes, problem, _longestSilence);
        }
    }

    public async ValueTask DisposeAsync()
    {
        _response.Dispose(); // first: what is still to come is not waited for
        await _pipe.CompleteAsync();
    }
}
