using System;
using System.Buffers;
using System.Collections.Generic;
using System.IO;
using System.IO.Pipelines;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;

namespace Overlay.Lease.Kubernetes.Nodes;

/// <summary>A page of nodes.</summary>
/// <param name="Nodes">In the order of their names.</param>
/// <param name="ResourceVersion">The state of the cluster that the list shows, the same in all its pages.</param>
/// <param name="Continue">What asks for the next page; null on the last.</param>
internal sealed record NodePage(IReadOnlyList<NodeRecord> Nodes, string ResourceVersion, string? Continue);

/// <summary>
/// Reads a NodeList as it arrives, node by node: only the piece of one node is ever held, and of that what
/// <see cref="NodeReader"/> keeps. One list each.
/// </summary>
/// <param name="reader">For each node.</param>
internal sealed class NodeListReader(NodeReader reader)
{
    private const int PieceBytes = 64 << 10;

    private readonly List<NodeRecord> _nodes = [];
    private JsonReaderState _state;
    private bool _isInItems;
    private bool _isComplete;
    private string _version = "";
    private string _continue = "";

    /// <summary>Reads to the end.</summary>
    /// <exception cref="JsonException">It is no list of nodes, or is cut off.</exception>
    internal async Task<NodePage> ReadAsync(Stream body, CancellationToken cancellation)
    {
        var pipe = PipeReader.Create(body, new StreamPipeReaderOptions(bufferSize: PieceBytes, leaveOpen: true));
        try
        {
            while (true)
            {
                ReadResult piece = await pipe.ReadAsync(cancellation);
                SequencePosition consumed = Take(piece.Buffer, piece.IsCompleted);
                pipe.AdvanceTo(consumed, piece.Buffer.End);
                if (piece.IsCompleted)
                {
                    return _isComplete && _version.Length > 0
                        ? new NodePage(_nodes, _version, _continue.Length > 0 ? _continue : null)
                        : throw new JsonException("the list of nodes is cut off");
                }
            }
        }
        finally
        {
            await pipe.CompleteAsync();
        }
    }

    private SequencePosition Take(ReadOnlySequence<byte> piece, bool isLast)
    {
        var json = new Utf8JsonReader(piece, isLast, _state);
        while (!_isComplete)
        {
            // A copy: what is not whole yet is read again from where it began, with what has come by then.
            Utf8JsonReader attempt = json;
            if (!TakeStep(ref attempt))
            {
                break;
            }

            json = attempt;
        }

        _state = json.CurrentState;
        return _isComplete ? piece.End : json.Position;
    }

    private bool TakeStep(ref Utf8JsonReader json)
    {
        if (!json.Read())
        {
            return false;
        }

        if (_isInItems)
        {
            if (json.TokenType == JsonTokenType.EndArray)
            {
                _isInItems = false;
                return true;
            }

            if (!IsWhole(json))
            {
                return false;
            }

            _nodes.Add(reader.Read(ref json).Node);
            return true;
        }

        if (json.TokenType != JsonTokenType.PropertyName)
        {
            _isComplete = json.TokenType == JsonTokenType.EndObject;
            return true;
        }

        if (json.ValueTextEquals("items"u8))
        {
            if (!json.Read())
            {
                return false;
            }

            _isInItems = json.TokenType == JsonTokenType.StartArray;
            return _isInItems || json.TokenType == JsonTokenType.Null
                ? true
                : throw new JsonException("items is no list");
        }

        Utf8JsonReader value = json;
        if (!value.Read() || !value.TrySkip())
        {
            return false;
        }

        if (json.ValueTextEquals("metadata"u8))
        {
            ReadMetadata(ref json);
        }
        else
        {
            json = value;
        }

        return true;
    }

    private static bool IsWhole(Utf8JsonReader json) => json.TrySkip();

    private void ReadMetadata(ref Utf8JsonReader json)
    {
        if (!JsonSteps.EnterObject(ref json))
        {
            return;
        }

        while (JsonSteps.NextProperty(ref json))
        {
            if (json.ValueTextEquals("resourceVersion"u8))
            {
                _version = JsonSteps.ReadText(ref json);
            }
            else if (json.ValueTextEquals("continue"u8))
            {
                _continue = JsonSteps.ReadText(ref json);
            }
            else
            {
                JsonSteps.SkipValue(ref json);
            }
        }
    }
}
