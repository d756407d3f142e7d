using System;
using Overlay.Capture.Text;
using Overlay.Net;

namespace Overlay.Diagnosis.Ping;

/// <summary>What has become of one question.</summary>
public enum EchoOutcome
{
    /// <summary>Nobody has said anything in time.</summary>
    Silence,

    /// <summary>Whom it was for has answered.</summary>
    Answered,

    /// <summary>An ICMP error says why it did not arrive.</summary>
    IcmpError,

    /// <summary>This host's kernel did not send it.</summary>
    Refused,
}

/// <summary>What has become of one question, with what is known of it.</summary>
/// <param name="Outcome">Which.</param>
/// <param name="RoundTrip">Of an answer.</param>
/// <param name="TimeToLive">Of an answer's IPv4 header, as it arrived.</param>
public sealed record EchoAnswer(EchoOutcome Outcome, TimeSpan RoundTrip = default, byte TimeToLive = 0)
{
    /// <summary>Type of the ICMP error (RFC 792).</summary>
    public byte IcmpType { get; init; }

    /// <summary>Code of the ICMP error.</summary>
    public byte IcmpCode { get; init; }

    /// <summary>Who sent the error.</summary>
    public Ipv4Address Offender { get; init; }

    /// <summary>The longest packet that passes, in bytes, where an error or the kernel says so; otherwise 0.</summary>
    public int Mtu { get; init; }

    /// <summary>Why the kernel did not send it.</summary>
    public string Refusal { get; init; } = "";

    /// <summary>The program that answered, where it says so.</summary>
    public Version? Release { get; init; }

    /// <summary>Whether a firewall says that it does not let it through (RFC 1812, 5.2.7.1).</summary>
    public bool IsProhibited => Outcome == EchoOutcome.IcmpError && IcmpType == 3 && IcmpCode is 9 or 10 or 13;

    /// <summary>Whether nobody listens on the port.</summary>
    public bool IsPortUnreachable => Outcome == EchoOutcome.IcmpError && IcmpType == 3 && IcmpCode == 3;

    /// <summary>Whether it was too long for the path.</summary>
    public bool IsTooLong => (Outcome == EchoOutcome.IcmpError && IcmpType == 3 && IcmpCode == 4)
        || (Outcome == EchoOutcome.Refused && Mtu > 0);

    /// <summary>One line for people.</summary>
    public override string ToString() => Outcome switch
    {
        EchoOutcome.Answered => PingText.Milliseconds(RoundTrip),
        EchoOutcome.IcmpError =>
            $"ICMP {IcmpType}/{IcmpCode} ({IcmpText.Name(IcmpType, IcmpCode)}) from {Offender}",
        EchoOutcome.Refused => Refusal,
        _ => "no answer",
    };
}
