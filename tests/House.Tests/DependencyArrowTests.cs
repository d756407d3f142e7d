using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Xml.Linq;
using Overlay.Testing;
using Xunit;

namespace Overlay.House.Tests;

public sealed class DependencyArrowTests
{
    /// <summary>All there are. docs/architecture.md draws them.</summary>
    private static readonly string[] s_arrows =
    [
        "Capture → Net",
        "Cni → Lease",
        "Control → Linux", "Control → Terminal",
        "Daemon → Capture", "Daemon → Control", "Daemon → Diagnosis", "Daemon → Doctor", "Daemon → Firewall",
        "Daemon → Health", "Daemon → KernelPath", "Daemon → Lease", "Daemon → Operator", "Daemon → Router",
        "Daemon → Terminal",
        "Demo → Control", "Demo → Lab", "Demo → Terminal",
        "Diagnosis → Capture", "Diagnosis → Control", "Diagnosis → Health", "Diagnosis → Operator",
        "Diagnosis → Router", "Diagnosis → Terminal",
        "Doctor → Control", "Doctor → Diagnosis", "Doctor → Firewall", "Doctor → Lease", "Doctor → Operator",
        "Firewall → Health",
        "Health → Terminal",
        "KernelPath → Router",
        "Lab → Capture", "Lab → Control", "Lab → Linux", "Lab → Terminal",
        "Lease → Net",
        "Lease.Etcd → Lease",
        "Lease.Kubernetes → Lease",
        "Linux → Net",
        "Operator → Control", "Operator → Lease", "Operator → Lease.Etcd",
        "Operator → Lease.Kubernetes", "Operator → Terminal",
        "Router → Tun",
        "Terminal → Linux",
        "Tun → Linux",
    ];

    [Fact]
    public void The_project_references_in_src_are_the_arrows_of_the_house_and_no_others()
    {
        string[] arrows = [.. Projects("src").SelectMany(
            project => References(project.Path).Select(to => $"{project.Name} → {to}")).Order(StringComparer.Ordinal)];
        Assert.Equal(s_arrows, arrows);
    }

    [Fact]
    public void Every_project_in_src_is_one_of_the_rooms() =>
        Assert.Equal(
            [
                "Capture", "Cni", "Control", "Daemon", "Demo", "Diagnosis", "Doctor", "Firewall", "Health",
                "KernelPath", "Lab", "Lease", "Lease.Etcd", "Lease.Kubernetes", "Linux", "Net", "Operator", "Router",
                "Terminal", "Tun",
            ],
            Projects("src").Select(project => project.Name).Order(StringComparer.Ordinal));

    [Fact]
    public void Only_the_kernel_layer_allows_unsafe_code()
    {
        IEnumerable<string> unsafeProjects = Projects("src")
            .Where(project => XDocument.Load(project.Path).Descendants(
                "AllowUnsafeBlocks").Any(flag => flag.Value == "true"))
            .Select(project => project.Name);
        Assert.Equal(["Linux"], unsafeProjects);
    }

    [Theory]
    [InlineData("Net")]
    [InlineData("Capture")]
    [InlineData("Linux", "Tmds.LibC")]
    [InlineData("Tun")]
    [InlineData("Router")]
    [InlineData("Lease")]
    public void The_data_plane_and_the_leases_need_no_package_but_the_kernel_layer_its_own(
        string room, params string[] packages) =>
        Assert.Equal(packages, Packages(room).Select(reference => reference.Attribute("Include")!.Value));

    // What flows to those who reference the kernel layer is the file to run with, not its declarations.
    [Fact]
    public void The_kernel_layer_keeps_the_declarations_of_its_package_to_itself() =>
        Assert.Equal("compile", Packages("Linux").Single().Attribute("PrivateAssets")?.Value);

    [Theory]
    [InlineData("Net", "Overlay.Linux", "Overlay.Tun", "Overlay.Router", "Overlay.Lease", "Overlay.Daemon")]
    [InlineData("Linux", "Overlay.Tun", "Overlay.Router", "Overlay.Lease", "Overlay.Daemon")]
    [InlineData("Tun", "Overlay.Router", "Overlay.Lease", "Overlay.Daemon")]
    [InlineData("Router", "Overlay.Lease", "Overlay.Daemon")]
    [InlineData("Capture", "Overlay.Linux", "Overlay.Tun", "Overlay.Router", "Overlay.Lease", "Overlay.Terminal")]
    [InlineData("Lease", "Overlay.Lease.Etcd", "Overlay.Linux", "Overlay.Tun", "Overlay.Router", "Overlay.Daemon")]
    [InlineData("Lease.Etcd", "Overlay.Linux", "Overlay.Tun", "Overlay.Router", "Overlay.Daemon")]
    [InlineData("Lease.Kubernetes", "Overlay.Lease.Etcd", "Overlay.Linux", "Overlay.Router", "Overlay.Daemon")]
    [InlineData("Terminal", "Overlay.Lease", "Overlay.Router", "Overlay.Control", "Overlay.Daemon")]
    [InlineData("Control", "Overlay.Lease", "Overlay.Router", "Overlay.Daemon")]
    [InlineData("Health", "Overlay.Lease", "Overlay.Router", "Overlay.Control", "Overlay.Daemon")]
    [InlineData("Firewall", "Overlay.Lease", "Overlay.Router", "Overlay.Control", "Overlay.Daemon")]
    [InlineData("Diagnosis", "Overlay.Doctor", "Overlay.Daemon", "Overlay.Lab")]
    [InlineData("Doctor", "Overlay.Router", "Overlay.Daemon", "Overlay.Lab")]
    [InlineData("Operator", "Overlay.Router", "Overlay.Daemon", "Overlay.Lab")]
    [InlineData("Lab", "Overlay.Lease", "Overlay.Router", "Overlay.Daemon")]
    [InlineData("Daemon", "Overlay.Lab", "Overlay.Demo", "Overlay.Bench")]
    public void A_room_names_nothing_of_a_room_it_may_not_know(string room, params string[] strangers)
    {
        foreach (string file in Directory.EnumerateFiles(
            Path.Combine(Repository.Root, "src", room), "*.cs", SearchOption.AllDirectories))
        {
            string text = File.ReadAllText(file);
            Assert.DoesNotContain(strangers, stranger => text.Contains($"using {stranger}", StringComparison.Ordinal));
        }
    }

    private static IEnumerable<(string Name, string Path)> Projects(string folder) =>
        Directory.EnumerateFiles(Path.Combine(Repository.Root, folder), "*.csproj", SearchOption.AllDirectories)
            .Select(path => (Path.GetFileNameWithoutExtension(path).Replace("Overlay.", string.Empty), path));

    private static IEnumerable<XElement> Packages(string room) =>
        XDocument.Load(Path.Combine(Repository.Root, "src", room, $"Overlay.{room}.csproj"))
            .Descendants("PackageReference");

    private static IEnumerable<string> References(string project) => XDocument.Load(project)
        .Descendants("ProjectReference")
        .Select(reference => Path.GetFileNameWithoutExtension(reference.Attribute("Include")!.Value)
            .Replace("Overlay.", string.Empty));
}
