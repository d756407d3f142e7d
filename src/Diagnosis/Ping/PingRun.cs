using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Overlay.Net;
using Overlay.Terminal;

namespace Overlay.Diagnosis.Ping;

/// <summary>
/// One question a second. The daemon is asked; where it does not answer, as stock flannel does not, or the backend has
/// none in user space, the tunnel's address is asked by ICMP instead.
/// </summary>
/// <param name="plan">What is known.</param>
/// <param name="echo">Asks by ICMP.</param>
/// <param name="port">Asks daemons.</param>
/// <param name="isJson">Whether one object is printed at the end.</param>
internal sealed class PingRun(LadderPlan plan, EchoSocket echo, PortSocket port, bool isJson)
{
    private const int PingBytes = 84;

    private static readonly TimeSpan s_interval = TimeSpan.FromSeconds(1);

    private readonly List<EchoAnswer> _answers = [];

    private bool _asksDaemon = plan is { IsAnswered: true, Port: not null };

    /// <summary>Asks, and prints.</summary>
    /// <param name="count">How often.</param>
    /// <param name="cancellation">Ends it early; what was asked until then is summed up.</param>
    internal async Task<int> RunAsync(int count, CancellationToken cancellation)
    {
        if (plan.Target.Host is not { } host)
        {
            throw new OperatorException(
                $"no lease covers {plan.Target.Pod}: its lease has ended, or was never taken; see: overlay lease list");
        }

        for (int i = 0; i < count && !cancellation.IsCancellationRequested; i++)
        {
            if (i > 0 && !await PauseAsync(cancellation))
            {
                break;
            }

            _answers.Add(Ask(host));
        }

        TimeSpan[] times = [.. Answered.Select(answer => answer.RoundTrip)];
        Console.Out.WriteLine(isJson ? ToJson(host) : Summary(times));
        return times.Length > 0 ? ExitCode.Success : ExitCode.Failure;
    }

    private string Summary(TimeSpan[] times)
    {
        string counts = $"{_answers.Count} asked, {times.Length} answered";
        return times.Length == 0 ? $"{counts}; see: overlay ping --explain" : string.Create(
            CultureInfo.InvariantCulture,
            $"{counts}: min {times.Min().TotalMilliseconds:0.00} avg "
                + $"{times.Average(time => time.TotalMilliseconds):0.00} max {times.Max().TotalMilliseconds:0.00} ms");
    }

    private IEnumerable<EchoAnswer> Answered => _answers.Where(answer => answer.Outcome == EchoOutcome.Answered);

    private EchoAnswer Ask(Ipv4Address host)
    {
        if (_asksDaemon)
        {
            EchoAnswer answer = port.Ask(host, plan.Port!.Value, plan.Patience);
            if (answer.Outcome != EchoOutcome.Silence || Answered.Any())
            {
                Print(host, answer, answer.Release is { } release ? $"overlay {release.ToString(3)}" : "");
                return answer;
            }

            _asksDaemon = false;
        }

        Ipv4Address address = plan.Target.Pod ?? plan.Target.Tunnel ?? host;
        EchoAnswer echoed = echo.Ask(address, PingBytes, plan.Patience);
        Print(address, echoed, echoed.Outcome == EchoOutcome.Answered ? $"icmp, ttl {echoed.TimeToLive}" : "");
        return echoed;
    }

    private void Print(Ipv4Address address, EchoAnswer answer, string who)
    {
        if (!isJson)
        {
            string of = plan.Target.Subnet is { } subnet ? $" ({subnet})" : "";
            Console.Out.WriteLine(TerminalText.Mask($"{address}{of}: {answer}{(who.Length > 0 ? $", {who}" : "")}"));
        }
    }

    private static async Task<bool> PauseAsync(CancellationToken cancellation)
    {
        try
        {
            await Task.Delay(s_interval, cancellation);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private string ToJson(Ipv4Address host)
    {
        return JsonText.Write(writer =>
        {
            writer.WriteString("host", $"{host}");
            writer.WriteString("subnet", plan.Target.Subnet?.ToString());
            writer.WriteString("version", Answered.LastOrDefault()?.Release?.ToString(3));
            writer.WriteNumber("asked", _answers.Count);
            writer.WriteStartArray("milliseconds");
            foreach (EchoAnswer answer in Answered)
            {
                writer.WriteNumberValue(Math.Round(answer.RoundTrip.TotalMilliseconds, 3));
            }

            writer.WriteEndArray();
        });
    }
}
