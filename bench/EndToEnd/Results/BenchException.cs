

using Overlay.Terminal;

namespace Overlay.Bench.Results;

/// <summary>
/// A measurement that cannot be had or must not be believed, in one line: what, the value found, the remedy.
/// </summary>
internal sealed class BenchException(string message) : OperatorException(message);
