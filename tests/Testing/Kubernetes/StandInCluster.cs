using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text.Json.Nodes;
using System.Threading;
using System.Threading.Tasks;

namespace Overlay.Testing.Kubernetes;

/// <summary>
/// The objects of the API server's stand-in, and all that became of them since it has forgotten the rest. Any thread.
/// </summary>
public sealed class StandInCluster
{
    private readonly Lock _gate = new();
    private readonly SortedDictionary<string, JsonObject> _objects = new(StringComparer.Ordinal); // by path
    private readonly List<(long Version, string Path, string Type, JsonObject Object)> _events = [];

    private long _version = 100;
    private long _forgotten = 100;
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public long Version => Locked(() => _version);

    /// <summary>Ends with the next change.</summary>
    public Task Changed => Locked(() => _changed.Task);

    public JsonObject? Find(string path) =>
        Locked(() => _objects.GetValueOrDefault(path)?.DeepClone().AsObject());

    public JsonObject[] List(string collection) => Locked(() =>
        _objects.Where(each => each.Key.StartsWith($"{collection}/", StringComparison.Ordinal))
            .Select(each => each.Value.DeepClone().AsObject()).ToArray());

    /// <summary>What has happened behind a version; null when some of it is forgotten.</summary>
    internal (long Version, string Type, JsonObject Object)[]? EventsBehind(long version, string collection) =>
        Locked(() => version < _forgotten
            ? null
            : _events.Where(each => each.Version > version
                && each.Path.StartsWith($"{collection}/", StringComparison.Ordinal))
                .Select(each => (each.Version, each.Type, each.Object)).ToArray());

    /// <summary>Makes an object, or puts another in its place.</summary>
    public JsonObject Put(string path, JsonObject value) => Locked(() =>
    {
        bool isNew = !_objects.TryGetValue(path, out JsonObject? before);
        JsonObject metadata = value["metadata"]!.AsObject();
        metadata["uid"] = before?["metadata"]?["uid"]?.GetValue<string>() ?? Guid.NewGuid().ToString();
        metadata["creationTimestamp"] = before?["metadata"]?["creationTimestamp"]?.GetValue<string>()
            ?? DateTimeOffset.UtcNow.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        return Note(path, isNew ? "ADDED" : "MODIFIED", value);
    });

    public JsonObject? Remove(string path) => Locked(() =>
        _objects.Remove(path, out JsonObject? gone) ? Note(path, "DELETED", gone, isThere: false) : null);

    /// <summary>Forgets all history, as etcd does when it is compacted.</summary>
    public void Forget() => Locked(() =>
    {
        _events.Clear();
        _forgotten = ++_version;
        return 0;
    });

    private JsonObject Note(string path, string type, JsonObject value, bool isThere = true)
    {
        JsonObject noted = value.DeepClone().AsObject();
        noted["metadata"]!["resourceVersion"] = (++_version).ToString(CultureInfo.InvariantCulture);
        if (isThere)
        {
            _objects[path] = noted;
        }

        _events.Add((_version, path, type, noted));
        TaskCompletionSource changed = _changed;
        _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        changed.SetResult();
        return noted.DeepClone().AsObject();
    }

    private T Locked<T>(Func<T> work)
    {
        lock (_gate)
        {
            return work();
        }
    }
}
