namespace Overlay.Router.Routes;

/// <summary>One destination and the host that takes it.</summary>
/// <param name="Destination">The network's address, host order; bits beyond the prefix are ignored.</param>
/// <param name="PrefixLength">1 to 32.</param>
/// <param name="NextHop">The outer destination address, host order; not 0.</param>
public readonly record struct Route(uint Destination, int PrefixLength, uint NextHop)
{
    /// <summary>The first address covered.</summary>
    public uint First => Destination & Mask(PrefixLength);

    /// <summary>The last address covered.</summary>
    public uint Last => Destination | ~Mask(PrefixLength);

    /// <summary>The netmask of a prefix length from 0 to 32.</summary>
    public static uint Mask(int prefixLength) => prefixLength == 0 ? 0 : uint.MaxValue << (32 - prefixLength);
}
