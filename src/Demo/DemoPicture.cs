using System.Collections.Generic;
using System.Linq;

namespace Overlay.Demo;

/// <summary>Draws two pretend hosts with their real addresses. Pure.</summary>
internal static class DemoPicture
{
    /// <summary>The drawing, line by line.</summary>
    /// <param name="left">The host on the left.</param>
    /// <param name="right">The host on the right.</param>
    /// <param name="backend">How packets are carried.</param>
    /// <param name="unicode">False draws with ASCII only.</param>
    internal static IReadOnlyList<string> Lines(
        HostReport left, HostReport right, DemoBackend backend, bool unicode)
    {
        Pen pen = unicode
            ? new Pen('─', "│", "┌", "┐", "└", "┘", "⇄")
            : new Pen('-', "|", "+", "+", "+", "+", "<>");
        string[] leftRows = Rows(left, pen);
        string[] rightRows = Rows(right, pen);
        string way = backend.Device ?? "kernel's route";
        string leftEnd = $"{way} {pen.Both} {backend.Endpoint}";
        string rightEnd = $"{backend.Endpoint} {pen.Both} {way}";
        int width = leftRows.Concat(rightRows).Append(leftEnd).Max(row => row.Length);

        string dashes = new(pen.Dash, 2);
        string cable = $"{dashes} {backend.Cable} {dashes}";
        string gap = new(' ', cable.Length);
        string edge = new(pen.Dash, width + 2);
        List<string> lines =
        [
            Title(left).PadRight(width + 4 + cable.Length) + Title(right),
            pen.TopLeft + edge + pen.TopRight + gap + pen.TopLeft + edge + pen.TopRight,
        ];
        for (int row = 0; row < leftRows.Length; row++)
        {
            lines.Add(Box(leftRows[row].PadRight(width)) + gap + Box(rightRows[row].PadRight(width)));
        }

        lines.Add(Box(leftEnd.PadLeft(width)) + cable + Box(rightEnd.PadRight(width)));
        lines.Add(pen.BottomLeft + edge + pen.BottomRight + gap + pen.BottomLeft + edge + pen.BottomRight);
        return lines;

        string Box(string row) => $"{pen.Side} {row} {pen.Side}";
    }

    private static string Title(HostReport host) => $"{host.Name} {host.PublicIp}";

    private static string[] Rows(HostReport host, Pen pen) =>
        [$"pod {host.PodIp}", $" {pen.BottomLeft}veth{pen.Dash} cni0 {host.GatewayIp}"];

    private sealed record Pen(
        char Dash, string Side, string TopLeft, string TopRight, string BottomLeft, string BottomRight, string Both);
}
