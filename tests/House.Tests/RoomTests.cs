using System;
using System.IO;
using System.Linq;
using Overlay.Testing;
using Xunit;

namespace Overlay.House.Tests;

public sealed class RoomTests
{
    /// <summary>Projects that still have rooms in circles. Whoever mends one takes it off the list.</summary>
    private static readonly string[] s_projectsWithCircles =
    [
        "Daemon", // Log stands beside Program, which is above all rooms; Start and Backends/Udp use each other
    ];

    [Fact]
    public void The_rooms_of_a_project_use_each_other_in_one_direction_only()
    {
        string[] projects = [.. Directory.EnumerateDirectories(Path.Combine(Repository.Root, "src"))
            .Select(folder => Path.GetFileName(folder)).Order(StringComparer.Ordinal)];
        Assert.Contains("Router", projects);
        string[] circles = [.. projects.Except(s_projectsWithCircles).SelectMany(project => Rooms.Of(project).Circles)];
        Assert.True(circles.Length == 0, string.Join('\n', circles));
    }

    [Fact]
    public void A_project_whose_circles_are_gone_is_not_excepted_any_more() =>
        Assert.DoesNotContain(s_projectsWithCircles, project => Rooms.Of(project).Circles.Count == 0);
}
