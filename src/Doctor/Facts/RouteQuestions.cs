using System;
using System.Collections.Generic;
using System.IO;
using Overlay.Linux;
using Overlay.Linux.Netlink;

namespace Overlay.Doctor.Facts;

/// <summary>Questions to the kernel about routes, in the network namespace of the calling thread.</summary>
/// <param name="notes">Gets what it refused.</param>
internal sealed class RouteQuestions(FactNotes notes)
{
    /// <summary>Asks for each of some things; what the kernel refuses to answer is left out, and noted.</summary>
    /// <param name="about">The things.</param>
    /// <param name="ask">The question about one.</param>
    internal IReadOnlyList<(T About, TAnswer Answer)> Ask<T, TAnswer>(
        IEnumerable<T> about, Func<RouteLookup, T, TAnswer> ask)
    {
        List<(T About, TAnswer Answer)> answers = [];
        try
        {
            using var lookup = RouteLookup.Open();
            foreach (T each in about)
            {
                answers.Add((each, ask(lookup, each)));
            }
        }
        catch (Exception problem) when (problem is LinuxException or InvalidDataException)
        {
            notes.Add($"routes cannot be looked up: {problem.Message}");
        }

        return answers;
    }
}
