using System;
using System.Globalization;
using System.IO;
using Overlay.Linux;

namespace Overlay.Lab;

/// <summary>
/// Keeps a lab to one process at a time: a locked file in its directory. The kernel lets go of it with the process.
/// </summary>
public sealed class LabLock : IDisposable
{
    // Who has the lock stands beside it: a locked file cannot even be read by another process of this runtime.
    private const string FileName = "lock", HolderFileName = "lock.holder";

    private readonly FileStream _stream;

    private LabLock(FileStream stream) => _stream = stream;

    /// <summary>Whether a file of the lab's directory belongs to the lock.</summary>
    public static bool IsPart(string path) => Path.GetFileName(path) is FileName or HolderFileName;

    /// <summary>As <see cref="TryTake"/>, for whoever cannot do without.</summary>
    /// <param name="directory">The lab's.</param>
    /// <param name="holders">What another process that has it is doing: <c>another demo is running</c>.</param>
    /// <exception cref="LabException">Another process has it, or the directory cannot be made or written.</exception>
    public static LabLock Take(string directory, string holders) => TryTake(directory, out int holder)
        ?? throw new LabException(holder == 0
            ? $"{holders}; let it end, or stop it with Ctrl-C"
            : $"{holders} (process {holder}); let it end, or stop it: kill {holder}");

    /// <summary>Takes the lock, and makes the directory for it when there is none.</summary>
    /// <param name="directory">The lab's.</param>
    /// <param name="holder">The process id of whoever has it, when it cannot be had; 0 when unknown.</param>
    /// <returns>Null when another process has it.</returns>
    /// <exception cref="LabException">The directory cannot be made or written.</exception>
    public static LabLock? TryTake(string directory, out int holder)
    {
        string path = Path.Combine(directory, FileName);
        while (true)
        {
            holder = 0;
            FileStream? stream;
            try
            {
                Directory.CreateDirectory(directory);
                stream = LockFile.TryHold(path);
            }
            catch (DirectoryNotFoundException)
            {
                continue; // its holder has just removed the directory
            }
            catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
            {
                throw new LabException($"could not use {directory}: {problem.Message.TrimEnd('.')}");
            }

            if (stream is null)
            {
                holder = ReadHolder(directory);
                return null;
            }

            if (File.Exists(path))
            {
                File.WriteAllText(
                    Path.Combine(
                        directory, HolderFileName), Environment.ProcessId.ToString(CultureInfo.InvariantCulture));
                return new LabLock(stream);
            }

            // Locked, but removed by its last holder in between: a lock on a file that nobody else can open.
            stream.Dispose();
        }
    }

    /// <summary>Lets go; the file stays unless the lab was removed.</summary>
    public void Dispose() => _stream.Dispose();

    private static int ReadHolder(string directory)
    {
        try
        {
            string text = File.ReadAllText(Path.Combine(directory, HolderFileName));
            return int.TryParse(text, CultureInfo.InvariantCulture, out int id) ? id : 0;
        }
        catch (IOException)
        {
            return 0;
        }
    }
}
