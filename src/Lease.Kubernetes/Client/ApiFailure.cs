namespace Overlay.Lease.Kubernetes.Client;

/// <summary>What is wrong with a request, by what may help.</summary>
internal enum ApiFailure
{
    /// <summary>The server is away, or is not itself: later.</summary>
    NotReady,

    /// <summary>It has too much to do: later, and not before it says.</summary>
    Throttled,

    /// <summary>It no longer has the history that was asked for, or not yet: a listing anew.</summary>
    Expired,

    /// <summary>There is no such object.</summary>
    NotFound,

    /// <summary>It does not know us.</summary>
    Unauthorized,

    /// <summary>It knows us, and does not let us.</summary>
    Forbidden,

    /// <summary>The certificates of the two do not fit.</summary>
    Untrusted,

    /// <summary>It refuses for another reason.</summary>
    Refused,

    /// <summary>What it says cannot be read.</summary>
    Invalid,
}
