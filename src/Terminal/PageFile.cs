using System;
using System.IO;
using System.Text;
using Overlay.Linux;

namespace Overlay.Terminal;

/// <summary>
/// The file that a page is to be written to (--html): tried before anything is measured or asked, and there as a whole
/// or not at all.
/// </summary>
public sealed class PageFile : IDisposable
{
    private readonly string _path;
    private readonly string _temporary;
    private bool _isInPlace;

    private PageFile(string path, string temporary)
    {
        _path = path;
        _temporary = temporary;
    }

    /// <summary>Makes sure that the file can be written.</summary>
    /// <param name="path">Null for none.</param>
    /// <exception cref="OperatorException">It cannot.</exception>
    public static PageFile? Open(string? path)
    {
        if (path is null)
        {
            return null;
        }

        if (FileNode.KindOf(path) is not (FileNodeKind.None or FileNodeKind.Regular))
        {
            throw new OperatorException($"--html {path} is there and no ordinary file; name another");
        }

        // Nobody can know the name in advance, and whoever has made such a file keeps it.
        string temporary = $"{path}.{Guid.NewGuid():N}.tmp";
        try
        {
            using FileStream file = File.Open(temporary, FileMode.CreateNew);
            return new PageFile(path, temporary);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            throw Refused(path, problem);
        }
    }

    /// <summary>Writes it down, not in its place yet.</summary>
    /// <exception cref="OperatorException">The disk is full, for one; what was there before is there still.</exception>
    public void Write(string page)
    {
        try
        {
            File.WriteAllText(_temporary, page, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            throw Refused(_path, problem);
        }
    }

    /// <summary>Puts it in its place.</summary>
    /// <exception cref="OperatorException">The place has become another thing.</exception>
    public void PutInPlace()
    {
        try
        {
            File.Move(_temporary, _path, overwrite: true);
            _isInPlace = true;
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            throw Refused(_path, problem);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_isInPlace)
        {
            Leftover.Delete(_temporary);
        }
    }

    private static OperatorException Refused(string path, Exception refused) =>
        new($"could not write --html {path}: {refused.Message.TrimEnd('.')}; name another place", refused);
}
