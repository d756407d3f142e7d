namespace Overlay.Diagnosis.Trace;

/// <summary>Which packet of a ping it is.</summary>
internal enum TraceWay
{
    /// <summary>The echo request.</summary>
    Request,

    /// <summary>The echo reply.</summary>
    Reply,

    /// <summary>An ICMP error about one of the two.</summary>
    Error,
}
