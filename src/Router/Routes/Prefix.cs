namespace Overlay.Router.Routes;

/// <summary>A block of addresses.</summary>
/// <param name="Address">Any address of it, host order; the bits beyond the prefix are ignored.</param>
/// <param name="Length">0 to 32.</param>
public readonly record struct Prefix(uint Address, int Length)
{
    /// <summary>The netmask, host order.</summary>
    public uint Mask => Length == 0 ? 0 : uint.MaxValue << (32 - Length);

    /// <summary>The first address covered.</summary>
    public uint First => Address & Mask;

    /// <summary>The last address covered.</summary>
    public uint Last => Address | ~Mask;

    /// <summary>True when the address lies inside.</summary>
    public bool Contains(uint address) => ((address ^ Address) & Mask) == 0;
}
