using System;
using System.Collections.Generic;
using System.Linq;
using Overlay.Linux;

namespace Overlay.Daemon.Handover;

/// <summary>
/// Descriptors that outlive one daemon for the next: within the process, and, where a service manager keeps them,
/// beyond it. As long as one of a device is open, the device is there, and what waits in a queue waits on.
/// </summary>
/// <remarks>One daemon uses it at a time; a name stands for one descriptor.</remarks>
internal sealed class KeptDescriptors : IDisposable
{
    private readonly Dictionary<string, SafeFd> _byName = new(StringComparer.Ordinal);
    private readonly ServiceManager? _service;

    private KeptDescriptors(ServiceManager? service) => _service = service;

    /// <summary>Keeps nothing.</summary>
    internal static KeptDescriptors None { get; } = new(service: null);

    /// <summary>Takes over what the process was started with (sd_listen_fds(3)).</summary>
    /// <param name="service">Keeps them further.</param>
    internal static KeptDescriptors Inherit(ServiceManager service)
    {
        var kept = new KeptDescriptors(service);
        foreach ((string name, SafeFd descriptor) in InheritedDescriptors.Take())
        {
            if (!kept._byName.TryAdd(name, descriptor))
            {
                descriptor.Dispose();
            }
        }

        return kept;
    }

    /// <summary>What is kept under names that begin so, by name; each is a duplicate that the caller owns.</summary>
    /// <exception cref="LinuxException">No descriptor is left.</exception>
    internal IReadOnlyList<SafeFd> Take(string prefix)
    {
        List<SafeFd> taken = [];
        try
        {
            taken.AddRange(Names(prefix).Select(name => _byName[name].Duplicate()));
            return taken;
        }
        catch
        {
            taken.ForEach(descriptor => descriptor.Dispose());
            throw;
        }
    }

    /// <summary>Keeps exactly these under <c>PREFIX0</c>, <c>PREFIX1</c> …; they stay the caller's, too.</summary>
    /// <exception cref="LinuxException">No descriptor is left.</exception>
    internal void Keep(string prefix, IEnumerable<SafeFd> descriptors)
    {
        if (_service is null)
        {
            return;
        }

        int number = 0;
        foreach (SafeFd descriptor in descriptors)
        {
            string name = $"{prefix}{number++}";
            _byName.Add(name, descriptor.Duplicate());
            _service.Store(name, descriptor);
        }
    }

    /// <summary>Closes what is kept under names that begin so, wherever it is kept.</summary>
    internal void Drop(string prefix)
    {
        string[] names = Names(prefix);
        if (names.Length == 0)
        {
            return;
        }

        foreach (string name in names)
        {
            _ = _byName.Remove(name, out SafeFd? descriptor);
            descriptor?.Dispose();
        }

        _service?.Remove(names);
    }

    /// <summary>Closes them in this process; what a service manager keeps is its own.</summary>
    public void Dispose()
    {
        foreach (SafeFd descriptor in _byName.Values)
        {
            descriptor.Dispose();
        }

        _byName.Clear();
    }

    private string[] Names(string prefix) =>
    [
        .. _byName.Keys.Where(name => name.StartsWith(prefix, StringComparison.Ordinal)).Order(StringComparer.Ordinal),
    ];
}
