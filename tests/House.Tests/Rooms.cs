using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;

namespace Overlay.House.Tests;

/// <summary>The rooms of one project in src, which are its folders, and which room uses which.</summary>
internal sealed class Rooms
{
    private readonly string _folder;

    // Room, the rooms that it uses, and for each of them the first file that does.
    private readonly SortedDictionary<string, SortedDictionary<string, string>> _uses = new(StringComparer.Ordinal);

    private Rooms(string folder)
    {
        _folder = folder;
        SourceFile[] files = [.. Directory.EnumerateFiles(folder, "*.cs", SearchOption.AllDirectories)
            .Order(StringComparer.Ordinal).Select(SourceFile.Read)];
        foreach (SourceFile file in files)
        {
            string room = RoomOf(file);
            if (!_uses.TryGetValue(room, out SortedDictionary<string, string>? uses))
            {
                _uses[room] = uses = new(StringComparer.Ordinal);
            }

            foreach (SourceFile other in files.Where(other => RoomOf(other) != room && file.Uses(other)))
            {
                uses.TryAdd(RoomOf(other), Path.GetFileName(file.Path));
            }
        }
    }

    /// <summary>For each room that is in a circle the shortest one, as a line to read.</summary>
    internal IReadOnlyList<string> Circles => [.. _uses.Keys.Select(CircleThrough).OfType<string>()];

    /// <summary>Reads a project's source files.</summary>
    /// <param name="folder">The project's.</param>
    internal static Rooms In(string folder) => new(folder);

    private string RoomOf(SourceFile file) =>
        Path.GetRelativePath(Path.GetDirectoryName(_folder)!, Path.GetDirectoryName(file.Path)!);

    private string? CircleThrough(string start)
    {
        var cameFrom = new Dictionary<string, string>();
        var next = new Queue<string>([start]);
        while (!cameFrom.ContainsKey(start) && next.TryDequeue(out string? room))
        {
            foreach (string used in _uses[room].Keys.Where(used => cameFrom.TryAdd(used, room)))
            {
                next.Enqueue(used);
            }
        }

        if (!cameFrom.ContainsKey(start))
        {
            return null;
        }

        string line = start;
        string to = start;
        do
        {
            string from = cameFrom[to];
            line = $"{from} ({_uses[from][to]}) → {line}";
            to = from;
        }
        while (to != start);
        return line;
    }
}
