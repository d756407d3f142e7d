using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;

using Overlay.Linux;

namespace Overlay.Terminal;

/// <summary>
/// Columns of text for a terminal or a pipe. Only the last column, free text, is ever broken: an address in two halves
/// can neither be read nor copied. Into a pipe a row is always one line.
/// </summary>
public static class TextTable
{
    /// <summary>No limit.</summary>
    public const int Unlimited = int.MaxValue;

    private const int NarrowestTerminal = 20;
    private const string Gap = "  ";
    private const string Indent = "    ";

    /// <summary>Columns of the terminal that a writer goes to; <see cref="Unlimited"/> for anything else.</summary>
    public static int WidthOf(TextWriter output) =>
        ReferenceEquals(output, Console.Out)
            && StandardOutput.TerminalColumns() is { } columns and >= NarrowestTerminal ? columns : Unlimited;

    /// <summary>Lays out a table. A last column without any text is left out.</summary>
    /// <param name="headings">One for each column.</param>
    /// <param name="rows">Each with as many cells.</param>
    /// <param name="width">Columns there are.</param>
    public static IEnumerable<string> Lines(
        IReadOnlyList<string> headings, IReadOnlyList<IReadOnlyList<string>> rows, int width)
    {
        List<string[]> all = [.. rows.Prepend(headings).Select(row => row.Select(TerminalText.Mask).ToArray())];
        if (all.Skip(1).All(row => row[^1].Length == 0))
        {
            all = [.. all.Select(row => (string[])[.. row[..^1], ""])];
        }

        int[] widths = [.. Enumerable.Range(0, headings.Count - 1)
            .Select(column => all.Max(row => row[column].Length))];
        return widths.Sum() + Gap.Length * (widths.Length - 1) <= width
            ? all.SelectMany(row => Row(row, widths, width))
            : all.Skip(1).SelectMany(row => Block(all[0], row, width));
    }

    private static IEnumerable<string> Row(string[] row, int[] widths, int width)
    {
        StringBuilder line = new();
        for (int column = 0; column < widths.Length; column++)
        {
            line.Append(row[column].PadRight(widths[column])).Append(Gap);
        }

        string text = row[^1];
        if (line.Length + text.Length <= width || text.Length == 0)
        {
            yield return line.Append(text).ToString().TrimEnd();
            yield break;
        }

        yield return line.ToString().TrimEnd();
        foreach (string part in Folded(text, width))
        {
            yield return part;
        }
    }

    // Too narrow for columns: the first cell, and under it what there is to say.
    private static IEnumerable<string> Block(string[] headings, string[] row, int width)
    {
        yield return row[0];
        for (int column = 1; column < row.Length; column++)
        {
            if (row[column].Length > 0)
            {
                foreach (string part in Folded($"{headings[column].ToLowerInvariant()}: {row[column]}", width))
                {
                    yield return part;
                }
            }
        }
    }

    private static IEnumerable<string> Folded(string text, int width)
    {
        StringBuilder line = new(Indent);
        foreach (string word in text.Split(' '))
        {
            if (line.Length > Indent.Length && line.Length + 1 + word.Length > width)
            {
                yield return line.ToString();
                line.Clear().Append(Indent);
            }

            line.Append(line.Length > Indent.Length ? " " : "").Append(word);
        }

        yield return line.ToString();
    }
}
