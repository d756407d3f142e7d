using System;
using System.IO;
using System.Linq;
using Overlay.Testing;
using Xunit;

namespace Overlay.House.Tests;

public sealed class RoomTests
{
    [Fact]
    public void The_rooms_of_a_project_use_each_other_in_one_direction_only()
    {
        string[] projects = [.. Directory.EnumerateDirectories(Path.Combine(Repository.Root, "src"))
            .Order(StringComparer.Ordinal)];
        Assert.NotEmpty(projects);
        string[] circles = [.. projects.SelectMany(project => Rooms.In(project).Circles)];
        Assert.True(circles.Length == 0, string.Join('\n', circles));
    }

    [Fact]
    public void Rooms_that_use_each_other_are_noticed_and_the_files_named()
    {
        string folder = Directory.CreateTempSubdirectory("overlay-rooms-").FullName;
        try
        {
            Write("Start", "Wiring", "Backends", "Seam");
            Write("Backends", "Seam", "Start", "Wiring");
            Write("Apart", "Alone", "Start", "Wiring");
            string project = Path.GetFileName(folder);
            string[] circles = [.. Rooms.In(folder).Circles];
            Assert.Equal(2, circles.Length);
            Assert.Contains(
                $"{project}/Start (Wiring.cs) → {project}/Backends (Seam.cs) → {project}/Start", circles);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        void Write(string room, string type, string usedRoom, string usedType)
        {
            _ = Directory.CreateDirectory(Path.Combine(folder, room));
            File.WriteAllText(Path.Combine(folder, room, $"{type}.cs"), $$"""
                using Made.Up.{{usedRoom}};
                namespace Made.Up.{{room}};
                internal sealed class {{type}}
                {
                    private {{usedType}}? _other;
                }
                """);
        }
    }
}
