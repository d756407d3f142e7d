using System.Text;

namespace Overlay.Linux;

/// <summary>Text for a C function.</summary>
internal static class CString
{
    /// <summary>The text in UTF-8 with a NUL behind it.</summary>
    internal static byte[] From(string text)
    {
        byte[] bytes = new byte[Encoding.UTF8.GetByteCount(text) + 1];
        Encoding.UTF8.GetBytes(text, bytes);
        return bytes;
    }
}
