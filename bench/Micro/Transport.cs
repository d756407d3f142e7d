namespace Overlay.Micro;

/// <summary>What a superpacket carries.</summary>
public enum Transport
{
    /// <summary>With timestamps: headers of 52 bytes.</summary>
    Tcp,

    /// <summary>Headers of 28 bytes.</summary>
    Udp,
}
