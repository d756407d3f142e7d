using System;
using System.Runtime.InteropServices;

namespace Overlay.Linux.Bpf;

/// <summary>The kinds of map that are used (enum bpf_map_type, linux/bpf.h).</summary>
public enum BpfMapKind
{
    /// <summary>By any key.</summary>
    Hash = 1,

    /// <summary>By an index of 4 bytes; all entries are there from the start, zeroed.</summary>
    Array = 2,

    /// <summary>As <see cref="Array"/>, with a value of its own for each processor.</summary>
    PerProcessorArray = 6,
}

/// <summary>Memory that programs and this process share (bpf(2)). Any thread may use it.</summary>
public sealed unsafe class BpfMap : IDisposable
{
    private const uint NoPreallocation = 1; // BPF_F_NO_PREALLOC

    private readonly SafeFd _fd;
    private readonly string _name;
    private readonly int _keyBytes;
    private readonly int _valueBytes;
    private readonly int _processors; // whose values an entry has

    private BpfMap(SafeFd fd, string name, int keyBytes, int valueBytes, int processors)
    {
        _processors = processors;
        _fd = fd;
        _name = name;
        _keyBytes = keyBytes;
        _valueBytes = valueBytes;
    }

    /// <summary>The bare descriptor, for the programs that are loaded while this is open.</summary>
    internal int DescriptorNumber
    {
        get
        {
            using SafeFd.Held held = _fd.Hold();
            return held.Number;
        }
    }

    /// <summary>Creates an empty one.</summary>
    /// <param name="kind">How entries are found.</param>
    /// <param name="name">1 to 15 letters, digits, underscores: what bpftool(8) shows.</param>
    /// <param name="keyBytes">Of each key.</param>
    /// <param name="valueBytes">Of each value, for each processor where the kind has one each.</param>
    /// <param name="entries">How many there can be.</param>
    /// <exception cref="LinuxException">The kernel refused: EPERM, ENOMEM, or it does not have the kind.</exception>
    public static BpfMap Create(BpfMapKind kind, string name, int keyBytes, int valueBytes, int entries)
    {
        int processors = kind == BpfMapKind.PerProcessorArray ? ProcessorCount.ReadPossible() : 1;
        var attribute = new CreateAttribute
        {
            Kind = (uint)kind,
            KeyBytes = (uint)keyBytes,
            ValueBytes = (uint)valueBytes,
            Entries = (uint)entries,
            Flags = kind == BpfMapKind.Hash ? NoPreallocation : 0,
            Name = BpfName.From(name),
        };
        var fd = new SafeFd();
        SyscallResult made = BpfCall.Make(BpfCommand.MapCreate, ref attribute);
        if (!made.Succeeded)
        {
            fd.Dispose();
            throw new LinuxException(
                "bpf", made.Errno, $"could not create the map {name}", BpfCall.Advice(made.Errno));
        }

        fd.Adopt(made.Count);
        int perEntry = kind == BpfMapKind.PerProcessorArray
            ? processors * RoundUp(valueBytes) : valueBytes;
        return new BpfMap(fd, name, keyBytes, perEntry, processors);
    }

    /// <summary>Writes an entry; one that is there is replaced whole.</summary>
    /// <returns>0, or why not: E2BIG and ENOSPC when the map is full.</returns>
    public SyscallResult Set<TKey, TValue>(TKey key, TValue value)
        where TKey : unmanaged
        where TValue : unmanaged
    {
        CheckKey<TKey>();
        Check(_valueBytes, sizeof(TValue), "value");

        // Safe because key and value are locals, as long as the map's.
        return Make(BpfCommand.MapUpdate, &key, &value);
    }

    /// <summary>Reads an entry.</summary>
    /// <returns>Null when there is none.</returns>
    public TValue? Find<TKey, TValue>(TKey key)
        where TKey : unmanaged
        where TValue : unmanaged
    {
        CheckKey<TKey>();
        Check(_valueBytes, sizeof(TValue), "value");
        TValue value;

        // Safe as above.
        return Make(BpfCommand.MapLookup, &key, &value).Succeeded ? value : null;
    }

    /// <summary>Reads an entry's numbers of all processors, summed number by number.</summary>
    /// <param name="index">The entry.</param>
    /// <param name="sums">As many numbers as a value has.</param>
    /// <returns>False when there is no such entry.</returns>
    public bool TrySum(uint index, Span<ulong> sums)
    {
        CheckKey<uint>();
        Check(_valueBytes, sums.Length * sizeof(ulong) * _processors, "value");
        sums.Clear();
        ulong[] numbers = new ulong[_valueBytes / sizeof(ulong)];
        fixed (ulong* start = numbers)
        {
            // Safe because the kernel writes a value for each possible processor, which is the array's length.
            if (!Make(BpfCommand.MapLookup, &index, start).Succeeded)
            {
                return false;
            }
        }

        for (int i = 0; i < numbers.Length; i++)
        {
            sums[i % sums.Length] += numbers[i];
        }

        return true;
    }

    /// <summary>Removes an entry.</summary>
    /// <returns>False when there is none.</returns>
    public bool Remove<TKey>(TKey key)
        where TKey : unmanaged
    {
        CheckKey<TKey>();

        // Safe because the key is a local, as long as the map's.
        return Make(BpfCommand.MapDelete, &key, null).Succeeded;
    }

    /// <summary>Closes it; the programs that use it keep it.</summary>
    public void Dispose() => _fd.Dispose();

    /// <inheritdoc/>
    public override string ToString() => $"map {_name}";

    private static int RoundUp(int bytes) => (bytes + 7) & ~7;

    private SyscallResult Make(BpfCommand command, void* key, void* value)
    {
        using SafeFd.Held held = _fd.Hold();
        var attribute = new EntryAttribute { Map = (uint)held.Number, Key = (ulong)key, Value = (ulong)value };
        return BpfCall.Make(command, ref attribute);
    }

    private void CheckKey<TKey>()
        where TKey : unmanaged => Check(_keyBytes, sizeof(TKey), "key");

    private void Check(int expected, int found, string what)
    {
        if (expected != found)
        {
            throw new ArgumentException($"a {what} of {this} has {expected} bytes, not {found}");
        }
    }

    // union bpf_attr, BPF_MAP_CREATE
    [StructLayout(LayoutKind.Sequential)]
    private struct CreateAttribute
    {
        internal uint Kind;
        internal uint KeyBytes;
        internal uint ValueBytes;
        internal uint Entries;
        internal uint Flags;
        internal uint InnerMap;
        internal uint NumaNode;
        internal BpfName Name;
    }

    // union bpf_attr, BPF_MAP_*_ELEM
    [StructLayout(LayoutKind.Sequential)]
    private struct EntryAttribute
    {
        internal uint Map;
        internal ulong Key;
        internal ulong Value;
        internal ulong Flags;
    }
}
