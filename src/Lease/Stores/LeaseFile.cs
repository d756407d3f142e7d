using System;
using System.IO;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Overlay.Lease.Judging;

namespace Overlay.Lease.Stores;

/// <summary>Identifies a version of a file without reading it.</summary>
/// <param name="LastWriteUtc">The file's own time.</param>
/// <param name="Bytes">Its length.</param>
/// <param name="IsRegular">False for a directory or a symbolic link.</param>
internal readonly record struct FileStamp(DateTime LastWriteUtc, long Bytes, bool IsRegular);

/// <summary>One version of one file in the subnets directory, as read.</summary>
internal sealed class LeaseFile : StoredLease
{
    // flannel's largest value (a WireGuard key, two families) is under 500 bytes; a file of megabytes is a mistake.
    private const int LargestBytes = 64 * 1024;

    // No clock is wrong by so much, and no lease lasts so long.
    private static readonly TimeSpan s_reservedFrom = TimeSpan.FromDays(10 * 365);

    private readonly DateTimeOffset _expiryByStamp;

    private LeaseFile(string name, FileStamp stamp, DateTimeOffset now)
        : base(name)
    {
        Stamp = stamp;
        // A file changed twice within one tick can keep its stamp. A file written so recently is read again next time.
        StampIsFinal = now - stamp.LastWriteUtc > CoarsestTick;
        _expiryByStamp = ExpiryOf(stamp, now);
    }

    /// <summary>The coarsest tick of a file system's clock in use: FAT's.</summary>
    internal static TimeSpan CoarsestTick { get; } = TimeSpan.FromSeconds(2);

    internal FileStamp Stamp { get; }

    /// <summary>Whether an equal stamp later on proves that the content is the same.</summary>
    internal bool StampIsFinal { get; }

    /// <summary>The number of the last full scan that met the file. Guarded by the folder's lock.</summary>
    internal long LastScan { get; set; }

    public override DateTimeOffset Expires => Lease?.Expires ?? _expiryByStamp;

    public override bool IsReservation => Expires == DateTimeOffset.MaxValue;

    /// <summary>Reads the file.</summary>
    /// <param name="directory">Where it is.</param>
    /// <param name="name">Without directory.</param>
    /// <param name="stamp">Taken before this call, so that a later change shows in the next stamp.</param>
    /// <param name="before">The version before, whose lease is kept if this one cannot be read.</param>
    /// <param name="now">Decides whether the stamp is final, and whether it is a reservation's.</param>
    /// <returns>Null when the file is gone.</returns>
    internal static LeaseFile? Read(
        string directory, string name, FileStamp stamp, LeaseFile? before, DateTimeOffset now)
    {
        if (!TryReadName(name, out SubnetKey key))
        {
            return new LeaseFile(name, stamp, now)
            {
                Defect = NameDefect,
            };
        }

        string? defect = null;
        SubnetLease? lease = null;
        try
        {
            lease = ReadLease(Path.Combine(directory, name), key, stamp, now);
        }
        catch (Exception problem) when (problem is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (FormatException problem)
        {
            defect = ContentDefect(problem);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            defect = $"it cannot be read ({OneLine.Shorten(problem.Message)}); check its permissions, or remove it";
        }

        return new LeaseFile(name, stamp, now) { Key = key, Lease = lease ?? before?.Lease, Defect = defect };
    }

    private static SubnetLease ReadLease(string path, SubnetKey key, FileStamp stamp, DateTimeOffset now)
    {
        // A pipe, which would block the reader, and a device have length 0; so does a file that has vanished since it
        // was listed.
        if (!stamp.IsRegular || stamp.Bytes == 0)
        {
            throw File.Exists(path) || Directory.Exists(path)
                ? new FormatException(stamp.IsRegular ? "it is empty" : "it is not a regular file")
                : new FileNotFoundException();
        }

        using SafeFileHandle handle = File.OpenHandle(
            path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        Span<byte> buffer = stackalloc byte[2048];
        int count = ReadAll(handle, buffer);
        if (count == buffer.Length)
        {
            buffer = new byte[LargestBytes + 1];
            count = ReadAll(handle, buffer);
            if (count > LargestBytes)
            {
                throw new FormatException($"it is longer than {LargestBytes} bytes");
            }
        }

        ReadOnlySpan<byte> content = buffer[..count];
        if (content.StartsWith(Encoding.UTF8.Preamble))
        {
            content = content[Encoding.UTF8.Preamble.Length..];
        }

        return new SubnetLease(key.Subnet, LeaseAttributes.Parse(content), ExpiryOf(stamp, now));
    }

    private static int ReadAll(SafeFileHandle handle, Span<byte> buffer)
    {
        int count = 0;
        int read;
        do
        {
            read = RandomAccess.Read(handle, buffer[count..], count);
            count += read;
        }
        while (read > 0 && count < buffer.Length);
        return count;
    }

    private static DateTimeOffset ExpiryOf(FileStamp stamp, DateTimeOffset now)
    {
        var written = new DateTimeOffset(stamp.LastWriteUtc, TimeSpan.Zero);
        return written - now > s_reservedFrom ? DateTimeOffset.MaxValue : written + FileLeaseStore.TimeToLive;
    }
}
