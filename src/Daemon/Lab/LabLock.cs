using System;
using System.Globalization;
using System.IO;
using System.Text;

namespace Overlay.Daemon.Lab;

/// <summary>Keeps a lab to one process at a time: a locked file in its directory. The kernel lets go of it with the process.</summary>
internal sealed class LabLock : IDisposable
{
    internal const string FileName = "lock";

    private readonly FileStream _stream;

    private LabLock(FileStream stream) => _stream = stream;

    /// <summary>Takes the lock, and makes the directory for it when there is none.</summary>
    /// <param name="directory">The lab's.</param>
    /// <param name="holder">The process id of whoever has it, when it cannot be had; 0 when unknown.</param>
    /// <returns>Null when another process has it.</returns>
    internal static LabLock? TryTake(string directory, out int holder)
    {
        string path = Path.Combine(directory, FileName);
        while (true)
        {
            holder = 0;
            Directory.CreateDirectory(directory);
            FileStream stream;
            try
            {
                stream = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (DirectoryNotFoundException)
            {
                continue; // its holder has just removed the directory
            }
            catch (IOException)
            {
                holder = ReadHolder(path);
                return null;
            }

            if (File.Exists(path))
            {
                stream.SetLength(0);
                stream.Write(Encoding.ASCII.GetBytes(Environment.ProcessId.ToString(CultureInfo.InvariantCulture)));
                stream.Flush();
                return new LabLock(stream);
            }

            // Locked, but removed by its last holder in between: a lock on a file that nobody else can open.
            stream.Dispose();
        }
    }

    /// <summary>Lets go; the file stays unless the lab was removed.</summary>
    public void Dispose() => _stream.Dispose();

    private static int ReadHolder(string path)
    {
        try
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            using var reader = new StreamReader(stream);
            return int.TryParse(reader.ReadToEnd(), CultureInfo.InvariantCulture, out int id) ? id : 0;
        }
        catch (IOException)
        {
            return 0;
        }
    }
}
