using System.Collections.Generic;

namespace Overlay.Capture.Filters;

/// <summary>
/// Reads a filter by the rules of pcap-filter(7): <c>not</c> binds closest; <c>and</c> and <c>or</c> bind alike, from
/// left to right; a value without qualifiers has those of the value before it.
/// </summary>
internal sealed class FilterParser
{
    private const int Deepest = 64;

    private const string Known = "known are host, net, port, portrange, proto, src, dst, inner, outer, ip, ip6, arp, "
        + "icmp, icmp6, udp, tcp, and, or, not";

    private readonly List<FilterToken> _tokens;
    private int _next, _depth;
    private FilterQualifiers _last;

    internal FilterParser(string filter) => _tokens = FilterToken.Split(filter);

    private FilterToken Current => _tokens[_next];

    /// <summary>Reads all of it.</summary>
    /// <exception cref="FilterSyntaxException">It is no filter.</exception>
    internal FilterNode Parse()
    {
        FilterNode root = Expression();
        return Current.Text switch
        {
            "" => root,
            ")" => throw Refuse("')' closes nothing; remove it"),
            _ => throw Refuse($"'{Current.Text}' follows without a word between; write and or or before it"),
        };
    }

    private FilterNode Expression()
    {
        FilterNode left = Term();
        while (Current.Text is "and" or "or")
        {
            bool isAnd = Take().Text == "and";
            FilterNode right = Term();
            left = isAnd ? new FilterNode.And(left, right) : new FilterNode.Or(left, right);
        }

        return left;
    }

    private FilterNode Term()
    {
        if (++_depth > Deepest)
        {
            throw Refuse($"more than {Deepest} brackets and nots lie within each other; write it shorter");
        }

        FilterNode node;
        if (Current.Text == "not")
        {
            Take();
            node = new FilterNode.Not(Term());
        }
        else
        {
            node = Current.Text == "(" ? Bracket() : Primitive();
        }

        _depth--;
        return node;
    }

    private FilterNode Bracket()
    {
        FilterToken open = Take();
        FilterNode inside = Expression();
        if (Current.Text != ")")
        {
            throw Current.Text.Length == 0
                ? new FilterSyntaxException("this '(' is not closed; add ')'", open.Position)
                : Refuse($"'{Current.Text}' follows without a word between; write and or or before it");
        }

        Take();
        return inside;
    }

    private FilterNode Primitive()
    {
        int start = _next;
        FilterQualifiers qualifiers = Qualifiers();
        if (Current.Text == "(" && _next > start)
        {
            FilterQualifiers before = _last;
            _last = qualifiers;
            FilterNode inside = Bracket();
            _last = before;
            return inside;
        }

        if (IsKeyword(Current.Text))
        {
            return WithoutValue(qualifiers, _next > start);
        }

        if (_next == start)
        {
            qualifiers = _last;
        }

        _last = qualifiers;
        FilterToken value = Take();
        string? mask = null;
        if (qualifiers.Type == "net" && Current.Text == "mask")
        {
            Take();
            mask = Take().Text;
        }

        return new FilterNode.Primitive(qualifiers.Layer, FilterValue.Test(qualifiers, value, mask));
    }

    private static bool IsKeyword(string word) => FilterValue.IsProtocol(word)
        || word is "" or "(" or ")" or "and" or "or" or "not" or "inner" or "outer" or "src" or "dst" or "host"
            or "net" or "port" or "portrange" or "proto";

    private FilterNode.Primitive WithoutValue(in FilterQualifiers qualifiers, bool isQualified)
    {
        if (qualifiers is { Protocol: { } protocol, Type: null, Direction: FilterDirection.Either })
        {
            return new FilterNode.Primitive(qualifiers.Layer, FilterValue.Protocol(protocol));
        }

        throw Current.Text.Length == 0
            ? Refuse($"something is missing at the end; give {Wanted(qualifiers)}")
            : Refuse(isQualified
                ? $"'{Current.Text}' stands where a value is missing; give {Wanted(qualifiers)}"
                : $"'{Current.Text}' stands where a primitive is missing; give one, such as host 10.244.1.5");
    }

    private static string Wanted(in FilterQualifiers qualifiers) => qualifiers.Type switch
    {
        "net" => "a net such as 10.244.1.0/24",
        "port" => "a port such as 8285",
        "portrange" => "two ports such as 8000-8100",
        "proto" => "a protocol such as 17",
        _ => "an address such as 10.244.1.5",
    };

    // inner or outer, a protocol, src or dst, and what kind of value follows: in this order, each or none.
    private FilterQualifiers Qualifiers()
    {
        FilterLayer layer = FilterLayer.Any;
        if (Current.Text is "inner" or "outer")
        {
            layer = Take().Text == "inner" ? FilterLayer.Inner : FilterLayer.Outer;
        }

        string? protocol = null;
        if (FilterValue.IsProtocol(Current.Text))
        {
            protocol = Take().Text;
        }

        FilterDirection direction = Direction();
        string? type = null;
        if (Current.Text is "host" or "net" or "port" or "portrange" or "proto")
        {
            type = Take().Text;
        }

        return new FilterQualifiers(layer, protocol, direction, type);
    }

    private FilterDirection Direction()
    {
        if (Current.Text is not ("src" or "dst"))
        {
            return FilterDirection.Either;
        }

        string first = Take().Text;
        if (Current.Text is "and" or "or" && _tokens[_next + 1].Text is "src" or "dst"
            && _tokens[_next + 1].Text != first && Current.Text.Length > 0)
        {
            bool isAnd = Take().Text == "and";
            Take();
            return isAnd ? FilterDirection.Both : FilterDirection.Either;
        }

        return first == "src" ? FilterDirection.Source : FilterDirection.Destination;
    }

    /// <summary>What is said of a word that nothing begins with.</summary>
    internal static string Unknown(string word) => $"'{word}' is not understood; {Known}";

    private FilterToken Take() => _next < _tokens.Count - 1 ? _tokens[_next++] : Current;

    private FilterSyntaxException Refuse(string message) => new(message, Current.Position);
}
