namespace Overlay.Diagnosis.Ping;

/// <summary>ICMP errors in words (RFC 792; RFC 1122, section 3.2.2.1; RFC 1812, section 5.2.7.1).</summary>
internal static class IcmpWords
{
    internal static string Of(byte type, byte code) => (type, code) switch
    {
        (3, 0) => "network unreachable",
        (3, 1) => "host unreachable",
        (3, 2) => "protocol unreachable",
        (3, 3) => "port unreachable",
        (3, 4) => "fragmentation needed",
        (3, 9) => "network prohibited",
        (3, 10) => "host prohibited",
        (3, 13) => "administratively prohibited",
        (3, _) => "unreachable",
        (11, 0) => "time to live exceeded",
        (11, _) => "not reassembled in time",
        (12, _) => "wrong header",
        _ => "error",
    };
}
