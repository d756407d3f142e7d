using System;

namespace Overlay.Diagnosis.Ping;

/// <summary>How long a packet may be to get to a host whole.</summary>
/// <param name="Passes">The longest that did, in bytes of the IPv4 packet; 0 when none did.</param>
/// <param name="Lost">The shortest that did not; 0 when all did that this host sends.</param>
/// <param name="Said">What an ICMP error or the kernel named as the limit; 0 when nobody did.</param>
internal sealed record PathMtu(int Passes, int Lost, int Said)
{
    private const int Shortest = 576; // what every host must take (RFC 791, section 3.1)
    private const int Longest = 65_535;

    /// <summary>Looks for the cliff between lengths that pass and lengths that do not.</summary>
    /// <param name="ask">Sends a packet of that length with DF.</param>
    internal static PathMtu Find(Func<int, EchoAnswer> ask)
    {
        (int passes, int lost, int said) = (0, Longest + 1, 0);
        int next = Shortest;
        while (passes + 1 < lost)
        {
            EchoAnswer answer = Ask(ask, next);
            if (answer.Outcome == EchoOutcome.Answered)
            {
                passes = next;
            }
            else
            {
                lost = next;
                said = answer is { IsTooLong: true, Mtu: > 0 } && answer.Outcome == EchoOutcome.IcmpError
                    ? answer.Mtu
                    : said;
            }

            if (passes == 0)
            {
                return new PathMtu(0, Shortest, said);
            }

            next = Guess(passes, lost, said);
        }

        return new PathMtu(passes, lost > Longest ? 0 : lost, said);
    }

    /// <summary>The cliff: <c>1400 ok, 1401 lost (ICMP says 1400)</c>.</summary>
    public override string ToString() => Passes == 0
        ? $"not even {Shortest} bytes pass"
        : $"{Passes} ok{(Lost > 0 ? $", {Lost} lost" : "")}{(Said > 0 ? $" (ICMP says {Said})" : "")}";

    // What somebody has named first, then an ordinary Ethernet, then halves.
    private static int Guess(int passes, int lost, int said) =>
        said > passes && said < lost ? said
            : passes < 1500 && lost > 1500 ? 1500
            : passes < 1501 && lost > 1501 ? 1501
            : passes + ((lost - passes) / 2);

    // One that is lost may have been lost by chance.
    private static EchoAnswer Ask(Func<int, EchoAnswer> ask, int bytes)
    {
        EchoAnswer answer = ask(bytes);
        return answer.Outcome == EchoOutcome.Silence ? ask(bytes) : answer;
    }
}
