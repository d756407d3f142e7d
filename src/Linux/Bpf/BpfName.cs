using System;
using System.Runtime.CompilerServices;
using System.Text;

namespace Overlay.Linux.Bpf;

/// <summary>A program's or map's name in union bpf_attr, which bpftool(8) shows.</summary>
[InlineArray(Bytes)]
internal struct BpfName
{
    private const int Bytes = 16; // BPF_OBJ_NAME_LEN, with a NUL

    private byte _first;

    /// <summary>Writes one down.</summary>
    /// <param name="name">1 to 15 letters, digits, underscores.</param>
    /// <exception cref="ArgumentException">It is longer or empty.</exception>
    internal static BpfName From(string name)
    {
        if (name.Length is 0 or >= Bytes)
        {
            throw new ArgumentException(
                $"a name has 1 to {Bytes - 1} bytes, not {name.Length}: '{name}'", nameof(name));
        }

        var written = default(BpfName);
        Encoding.ASCII.GetBytes(name, written);
        return written;
    }
}
