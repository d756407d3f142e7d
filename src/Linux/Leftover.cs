using System;
using System.IO;

namespace Overlay.Linux;

/// <summary>Files that are removed at the end, when there is nothing to be done about one that cannot be.</summary>
public static class Leftover
{
    /// <summary>
    /// Removes a file; one that is gone with its directory, or may not be removed, does not spoil a clean stop.
    /// </summary>
    public static void Delete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            // The next start replaces it.
        }
    }
}
