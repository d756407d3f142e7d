namespace Overlay.Router.Forwarding;

/// <summary>What a thread of the forwarder is doing at one moment.</summary>
/// <param name="Name">The thread's.</param>
/// <param name="Turns">Goes up with each batch, and each time that it wakes.</param>
/// <param name="IsWaiting">Whether it sleeps until a descriptor can be read.</param>
public readonly record struct ThreadProgress(string Name, long Turns, bool IsWaiting);
