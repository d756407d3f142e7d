using System.Collections.Generic;

namespace Overlay.Capture.Filters;

/// <summary>A word or sign of a filter.</summary>
/// <param name="Text">As given; <c>and</c>, <c>or</c> and <c>not</c> for the signs that stand for them, empty at the
/// end.</param>
/// <param name="Position">Where it begins, from 1.</param>
internal readonly record struct FilterToken(string Text, int Position)
{
    /// <summary>Takes a filter apart; the last token is the end.</summary>
    internal static List<FilterToken> Split(string filter)
    {
        List<FilterToken> tokens = [];
        int start = 0;
        while (start < filter.Length)
        {
            string rest = filter[start..];
            if (char.IsWhiteSpace(rest[0]))
            {
                start++;
                continue;
            }

            (string text, int length) = rest switch
            {
                ['(', ..] => ("(", 1),
                [')', ..] => (")", 1),
                ['!', ..] => ("not", 1),
                ['&', '&', ..] => ("and", 2),
                ['|', '|', ..] => ("or", 2),
                _ => Word(rest),
            };
            tokens.Add(new FilterToken(text, start + 1));
            start += length;
        }

        tokens.Add(new FilterToken(string.Empty, filter.Length + 1));
        return tokens;
    }

    private static (string Text, int Length) Word(string rest)
    {
        int length = 1; // whatever the first character is, it is passed
        while (length < rest.Length && !char.IsWhiteSpace(rest[length]) && !"()!&|".Contains(rest[length]))
        {
            length++;
        }

        return (rest[..length], length);
    }
}
