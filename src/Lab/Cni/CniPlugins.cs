using System;
using System.IO;
using System.Linq;

namespace Overlay.Lab.Cni;

/// <summary>The programs that make pods.</summary>
/// <param name="Flannel">Ours, by its path.</param>
/// <param name="Directory">Where bridge, host-local and portmap are (containernetworking/plugins).</param>
public sealed record CniPlugins(string Flannel, string Directory)
{
    /// <summary>The environment variable that names ours: another build, for example, to compare the two.</summary>
    public const string Variable = "OVERLAY_CNI";

    /// <summary>What Debian calls the others.</summary>
    public const string Package = "containernetworking-plugins";

    private const string Name = "flannel";

    private static readonly string[] s_directories = ["/usr/lib/cni", "/opt/cni/bin", "/usr/libexec/cni"];
    private static readonly string[] s_delegates = ["bridge", "host-local", "portmap"];

    /// <summary>CNI_PATH, as the plugins get it.</summary>
    public string SearchPath => $"{Path.GetDirectoryName(Flannel)}:{Directory}";

    /// <summary>Ours is the one that <see cref="Variable"/> names, otherwise the one beside this program.</summary>
    /// <exception cref="LabException">One of them is missing.</exception>
    public static CniPlugins Find()
    {
        string? named = Environment.GetEnvironmentVariable(Variable);
        string flannel = string.IsNullOrEmpty(named)
            ? Path.Combine(AppContext.BaseDirectory, Name)
            : Path.GetFullPath(named);
        if (!File.Exists(flannel))
        {
            throw new LabException($"there is no CNI plugin at {flannel}; build it, or name one with {Variable}=PATH");
        }

        string? directory = s_directories.FirstOrDefault(
            each => s_delegates.All(delegated => File.Exists(Path.Combine(each, delegated))));
        return directory is not null
            ? new CniPlugins(flannel, directory)
            : throw new LabException(
                $"{string.Join(", ", s_delegates)} are in none of {string.Join(", ", s_directories)}: "
                    + $"apt-get install {Package}");
    }
}
