using System.Collections.Generic;
using Overlay.Doctor.Facts;
using Overlay.Doctor.Findings;

namespace Overlay.Doctor.Checks;

/// <summary>Looks for one kind of trouble, or for kinds that are told by the same facts. Changes nothing.</summary>
internal interface ICheck
{
    /// <summary>What it can find.</summary>
    IReadOnlyList<Row> Rows { get; }

    /// <summary>Looks once.</summary>
    /// <param name="host">What is known of this host. A fact that cannot be read is null there, and noted; then nothing
    /// is found.</param>
    IEnumerable<Finding> Look(HostFacts host);
}
