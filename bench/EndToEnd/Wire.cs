


using Overlay.Lab;

namespace Overlay.Bench;

/// <summary>
/// What the wire between the two hosts does with superpackets. Either way it is a veth pair on one machine
/// (<see cref="LabPlan"/>).
/// </summary>
internal enum Wire
{
    /// <summary>It carries them whole, which flatters everybody.</summary>
    Veth,

    /// <summary>
    /// The sender's kernel cuts them and the receiver's merges them (GRO), as with a plain network card.
    /// </summary>
    Nic,
}
