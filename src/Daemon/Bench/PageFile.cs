using System;
using System.IO;
using System.Text;

namespace Overlay.Daemon.Bench;

/// <summary>The file that a page is to be written to: opened before anything is measured, and there as a whole or not at all.</summary>
internal sealed class PageFile : IDisposable
{
    private readonly string _path;
    private readonly string _temporary;
    private bool _isWritten;

    private PageFile(string path, string temporary)
    {
        _path = path;
        _temporary = temporary;
    }

    /// <summary>Makes sure that the file can be written.</summary>
    /// <param name="path">Null for none.</param>
    /// <exception cref="OperatorException">It cannot.</exception>
    internal static PageFile? Open(string? path)
    {
        if (path is null)
        {
            return null;
        }

        if (Directory.Exists(path))
        {
            throw new OperatorException($"--html {path} is a directory; name a file");
        }

        string temporary = $"{path}.{Environment.ProcessId}.tmp";
        try
        {
            File.WriteAllText(temporary, string.Empty);
            return new PageFile(path, temporary);
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            throw new OperatorException($"could not write --html {path}: {refused.Message.TrimEnd('.')}; name another place", refused);
        }
    }

    /// <summary>Writes it.</summary>
    /// <exception cref="OperatorException">The disk is full, for one; what was there before is there still.</exception>
    internal void Write(string page)
    {
        try
        {
            File.WriteAllText(_temporary, page, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
            File.Move(_temporary, _path, overwrite: true);
            _isWritten = true;
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            throw new OperatorException($"could not write --html {_path}: {refused.Message.TrimEnd('.')}; name another place", refused);
        }
    }

    public void Dispose()
    {
        if (!_isWritten)
        {
            Leftover.Delete(_temporary);
        }
    }
}
