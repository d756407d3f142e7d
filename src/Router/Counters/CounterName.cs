using System.Text;

namespace Overlay.Router.Counters;

/// <summary>How enum members are spelled where counters are shown.</summary>
internal static class CounterName
{
    /// <summary>Lower case with underscores: <c>NoRoute</c> becomes <c>no_route</c>.</summary>
    internal static string FromMember(string member)
    {
        var name = new StringBuilder(member.Length + 4);
        foreach (char letter in member)
        {
            if (char.IsAsciiLetterUpper(letter) && name.Length > 0)
            {
                name.Append('_');
            }

            name.Append(char.ToLowerInvariant(letter));
        }

        return name.ToString();
    }
}
