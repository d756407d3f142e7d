namespace Overlay.Capture.Filters;

/// <summary>A part of a compiled filter. Asking it allocates nothing.</summary>
internal abstract class FilterNode
{
    /// <summary>Whether a packet fits.</summary>
    internal abstract bool Matches(in FilterSubject subject);

    /// <summary>Both.</summary>
    internal sealed class And(FilterNode left, FilterNode right) : FilterNode
    {
        internal override bool Matches(in FilterSubject subject) => left.Matches(subject) && right.Matches(subject);
    }

    /// <summary>One or both.</summary>
    internal sealed class Or(FilterNode left, FilterNode right) : FilterNode
    {
        internal override bool Matches(in FilterSubject subject) => left.Matches(subject) || right.Matches(subject);
    }

    /// <summary>The opposite.</summary>
    internal sealed class Not(FilterNode inside) : FilterNode
    {
        internal override bool Matches(in FilterSubject subject) => !inside.Matches(subject);
    }

    /// <summary>A test of the headers of one layer, or of either.</summary>
    internal sealed class Primitive(FilterLayer layer, HeaderTest test) : FilterNode
    {
        internal override bool Matches(in FilterSubject subject) =>
            (layer != FilterLayer.Inner && test.Matches(subject.Outer))
            || (layer != FilterLayer.Outer && test.Matches(subject.Inner));
    }
}
