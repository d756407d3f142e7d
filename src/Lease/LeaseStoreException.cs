using System;

namespace Overlay.Lease;

/// <summary>
/// A store cannot do what was asked. The message is one line: what failed, the value found, the remedy.
/// </summary>
public class LeaseStoreException : Exception
{
    /// <summary>Says what failed, in one line.</summary>
    public LeaseStoreException(string message)
        : base(message)
    {
    }

    /// <summary>Says what failed, in one line, with the failure underneath.</summary>
    public LeaseStoreException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    /// <summary>A conditional write that was not made, because what it was decided by has changed.</summary>
    /// <param name="what">What was to be written.</param>
    public static LeaseStoreException ChangedMeanwhile(string what) =>
        new($"{what} was changed by somebody else meanwhile, so it is left alone; look at it, and try again");
}

/// <summary>
/// The store cannot be reached, or is not set up yet. Nothing is wrong with what was asked: trying again later may
/// help.
/// </summary>
public sealed class LeaseStoreNotReadyException : LeaseStoreException
{
    /// <summary>Says what is missing, in one line.</summary>
    public LeaseStoreNotReadyException(string message)
        : base(message)
    {
    }

    /// <summary>Says what is missing, in one line, with the failure underneath.</summary>
    public LeaseStoreNotReadyException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}

/// <summary>
/// Our subnet is now held by another owner, so it must not be used any longer. Acquiring again gives another.
/// </summary>
public sealed class LeaseLostException : LeaseStoreException
{
    /// <summary>Says who holds the subnet, in one line.</summary>
    public LeaseLostException(string message)
        : base(message)
    {
    }
}
