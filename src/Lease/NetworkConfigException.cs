using System;

namespace Overlay.Lease;

/// <summary>
/// The network config breaks a rule. The message is flannel's text for that rule, where flannel has one.
/// </summary>
public sealed class NetworkConfigException : Exception
{
    /// <summary>Names the rule that was broken.</summary>
    public NetworkConfigException(string message)
        : base(message)
    {
    }

    /// <summary>Names the rule that was broken, with the failure that showed it.</summary>
    public NetworkConfigException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
