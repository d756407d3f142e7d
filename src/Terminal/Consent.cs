using System;
using System.IO;

namespace Overlay.Terminal;

/// <summary>Asks whoever types whether to go on.</summary>
public static class Consent
{
    /// <summary>Asks once; anything but y, Y and yes is no.</summary>
    /// <param name="output">Where the question goes.</param>
    /// <param name="verb">What would be done, capitalized.</param>
    /// <param name="count">To how many things, 1 or more.</param>
    /// <param name="refusal">The line for when there is no terminal to ask.</param>
    /// <exception cref="OperatorException">There is none.</exception>
    public static bool Ask(TextWriter output, string verb, int count, string refusal)
    {
        if (Console.IsInputRedirected)
        {
            throw new OperatorException(refusal);
        }

        output.Write($"{verb} {(count == 1 ? "it" : $"these {count}")}? [y/N] ");
        return Console.In.ReadLine()?.Trim() is "y" or "Y" or "yes";
    }
}
