using System.IO;

namespace Overlay.Bench.Reports.Page;

/// <summary>
/// How the page looks, on light and on dark screens and on paper. The colours are Okabe's and Ito's, which people tell
/// apart whatever colours they see; for lines on white, darker. No sign in it needs escaping.
/// </summary>
internal static class PageStyle
{
    private const string Resource = "page.css";

    /// <summary>The style sheet that is part of this program.</summary>
    internal static string Read()
    {
        using Stream stream = typeof(PageStyle).Assembly.GetManifestResourceStream(typeof(PageStyle), Resource)
            ?? throw new InvalidDataException($"{Resource} is not part of this program");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
