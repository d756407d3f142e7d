using System;

namespace Overlay.Lease.Kubernetes.Client;

/// <summary>A request to the API server that did not come to what it should. The message is one line.</summary>
/// <param name="failure">What may help.</param>
/// <param name="request">What was asked: a verb and a resource as in a ClusterRole, for example
/// <c>patch nodes/status</c>.</param>
/// <param name="message">Who said what.</param>
/// <param name="cause">The failure underneath; null for none.</param>
internal sealed class ApiException(ApiFailure failure, string request, string message, Exception? cause = null)
    : Exception(message, cause)
{
    /// <summary>What may help.</summary>
    internal ApiFailure Failure { get; } = failure;

    /// <summary>What was asked.</summary>
    internal string Request { get; } = request;

    /// <summary>How long not to ask again; null when the server has not said.</summary>
    internal TimeSpan? RetryAfter { get; init; }

    /// <summary>Whether asking again later, as it is, may help.</summary>
    internal bool IsNotReady => Failure is ApiFailure.NotReady or ApiFailure.Throttled or ApiFailure.Expired;
}
