using System;
using System.Collections.Generic;
using System.Formats.Tar;
using System.IO;
using System.IO.Compression;
using System.Linq;
using System.Text;
using System.Threading;
using Overlay.Linux;
using Overlay.Terminal;

namespace Overlay.Diagnosis.Report;

/// <summary>Collects a report and packs it.</summary>
/// <param name="folder">What everything in the archive is below.</param>
/// <param name="clock">Says when.</param>
internal sealed class ReportRun(string folder, TimeProvider clock)
{
    private const long MostBytes = 16 << 20; // of one file: a route table may have a million lines
    private const UnixFileMode FileMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly List<string> _missing = [];

    /// <summary>What is not in there, and why, a line each.</summary>
    internal IReadOnlyList<string> Missing => _missing;

    /// <summary>Writes the archive: gzip of tar (POSIX.1-2001, pax).</summary>
    /// <param name="output">Takes it.</param>
    /// <param name="commands">What is run.</param>
    /// <param name="files">What is copied.</param>
    /// <param name="cancellation">Ends what runs.</param>
    internal void Write(
        Stream output, IReadOnlyList<ReportItem> commands, IReadOnlyList<string> files,
        CancellationToken cancellation)
    {
        using var packed = new GZipStream(output, CompressionLevel.Optimal, leaveOpen: true);
        using var archive = new TarWriter(packed, TarEntryFormat.Pax);
        foreach (ReportItem item in commands)
        {
            cancellation.ThrowIfCancellationRequested();
            if (Run(item, cancellation) is { } text)
            {
                Add(archive, item.Name, text);
            }
        }

        foreach (string file in files)
        {
            if (Read(file) is { } text)
            {
                Add(archive, $"files/{file.TrimStart('/')}", text);
            }
        }

        Add(archive, "not-included.txt", string.Concat(_missing.Select(line => $"{line}\n")));
    }

    private string? Run(ReportItem item, CancellationToken cancellation)
    {
        string words = string.Join(' ', item.Arguments.Prepend(
            item.Program == ReportItem.Self ? "overlay" : item.Program));
        try
        {
            HostProgram? program = item.Program == ReportItem.Self
                ? HostProgram.At(Environment.ProcessPath ?? "overlay", cancellation)
                : HostProgram.Find(item.Program, cancellation);
            if (program is null)
            {
                _missing.Add($"{item.Name}: {item.Program} is not installed");
                return null;
            }

            ProgramEnd end = program.Run(input: "", [.. item.Arguments]);
            return $"$ {words}\n{end.Output}{end.Error}exit code {end.ExitCode}\n";
        }
        catch (OperatorException problem)
        {
            _missing.Add($"{item.Name}: {problem.Message}");
            return null;
        }
    }

    private string? Read(string file)
    {
        try
        {
            // To open a pipe would wait for a writer, and a device may have no end.
            if (FileNode.KindOf(file) == FileNodeKind.Other)
            {
                _missing.Add($"{file}: no regular file");
                return null;
            }

            return File.ReadAllText(file);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            _missing.Add($"{file}: {problem.Message}");
            return null;
        }
    }

    private void Add(TarWriter archive, string name, string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(Redaction.Of(text));
        if (bytes.Length > MostBytes)
        {
            _missing.Add($"{name}: only its first {MostBytes >> 20} MB of {bytes.Length >> 20} are included");
            bytes = bytes[..(int)MostBytes];
        }

        using var content = new MemoryStream(bytes);
        archive.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, $"{folder}/{name}")
        {
            DataStream = content,
            Mode = FileMode,
            ModificationTime = clock.GetUtcNow(),
        });
    }
}
