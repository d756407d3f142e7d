using System;
using System.Collections.Generic;
using System.IO;
using System.IO.Enumeration;
using System.Threading;
using System.Threading.Tasks;
using Overlay.Lease.Judging;

namespace Overlay.Lease.Stores;

/// <summary>
/// The subnets directory, held in memory: a file is read once for each stamp it has, so that looking again only lists
/// the directory. Shared by all users of one store, so that a bad file is reported once. Safe for several threads.
/// </summary>
internal sealed class LeaseFolder(string directory, TimeProvider clock, Action<string> warn)
{
    // Below this many files starting more threads costs more than it saves.
    private const int ParallelFrom = 256;

    private static readonly EnumerationOptions s_everything =
        new() { AttributesToSkip = 0, IgnoreInaccessible = false };

    private readonly Lock _gate = new();
    private readonly Dictionary<string, LeaseFile> _files = new(StringComparer.Ordinal);
    private HashSet<StoredLease> _reported = [];
    private long _scan;

    /// <summary>How many files have been opened so far; a look that only takes stamps does not change it.</summary>
    internal long ReadCount { get; private set; }

    internal string Directory => directory;

    /// <summary>Everything in memory, in no order.</summary>
    internal IReadOnlyList<LeaseFile> Files
    {
        get
        {
            lock (_gate)
            {
                return [.. _files.Values];
            }
        }
    }

    /// <summary>Lists the directory and reads what is new, changed or not yet certain.</summary>
    /// <exception cref="IOException">The directory cannot be listed; what was known stays.</exception>
    /// <exception cref="UnauthorizedAccessException">The same.</exception>
    internal void RefreshAll()
    {
        lock (_gate)
        {
            _scan++;
            int known = 0;
            List<(string Name, FileStamp Stamp)> unread = [];
            foreach ((string name, FileStamp stamp) in List())
            {
                if (_files.TryGetValue(name, out LeaseFile? file))
                {
                    file.LastScan = _scan;
                    known++;
                    if (file.Stamp == stamp && file.StampIsFinal)
                    {
                        continue;
                    }
                }

                unread.Add((name, stamp));
            }

            if (known < _files.Count)
            {
                foreach ((string name, LeaseFile file) in _files)
                {
                    if (file.LastScan != _scan)
                    {
                        _files.Remove(name);
                    }
                }
            }

            ReadFiles(unread);
        }
    }

    /// <summary>Reads the named files, whatever their stamps.</summary>
    internal void Refresh(IEnumerable<string> names)
    {
        lock (_gate)
        {
            List<(string Name, FileStamp Stamp)> unread = [];
            foreach (string name in names)
            {
                var info = new FileInfo(Path.Combine(directory, name));
                if (info.Exists || System.IO.Directory.Exists(info.FullName))
                {
                    FileAttributes kind = info.Attributes & (FileAttributes.Directory | FileAttributes.ReparsePoint);
                    unread.Add((name, new FileStamp(info.LastWriteTimeUtc, kind == 0 ? info.Length : 0, kind == 0)));
                }
                else
                {
                    _files.Remove(name);
                }
            }

            ReadFiles(unread);
        }
    }

    /// <summary>Judges what is in memory and reports each fault that has not been reported yet.</summary>
    internal LeaseSurvey Survey(NetworkConfig config)
    {
        lock (_gate)
        {
            DateTimeOffset now = clock.GetUtcNow();
            LeaseSurvey survey = LeaseJudge.Judge([.. _files.Values], config, now, noun: "file");
            var bad = new HashSet<StoredLease>(survey.Faults.Count);
            foreach (LeaseFault fault in survey.Faults)
            {
                bad.Add(fault.Stored);
                if (!_reported.Contains(fault.Stored))
                {
                    warn($"lease file {Path.Combine(directory, fault.Stored.Name)} {fault.Text}");
                }
            }

            // A file that is good for a while, because the one that overlaps it is gone, is reported again when it is
            // bad again.
            _reported = bad;
            return survey;
        }
    }

    /// <summary>The file of that name as last read; null when there is none.</summary>
    internal LeaseFile? Find(string name)
    {
        lock (_gate)
        {
            return _files.GetValueOrDefault(name);
        }
    }

    // Names that start with a dot are writers' temporary files (and .nfs files of a network mount): not leases.
    private FileSystemEnumerable<(string Name, FileStamp Stamp)> List()
    {
        Dictionary<string, LeaseFile>.AlternateLookup<ReadOnlySpan<char>> names =
            _files.GetAlternateLookup<ReadOnlySpan<char>>();
        return new FileSystemEnumerable<(string Name, FileStamp Stamp)>(directory, Describe, s_everything)
        {
            ShouldIncludePredicate = (ref FileSystemEntry entry) => !entry.FileName.StartsWith('.'),
        };

        (string Name, FileStamp Stamp) Describe(ref FileSystemEntry entry)
        {
            string name = names.TryGetValue(entry.FileName, out LeaseFile? file)
                ? file.Name
                : entry.FileName.ToString();
            bool isRegular = (entry.Attributes & (FileAttributes.Directory | FileAttributes.ReparsePoint)) == 0;
            return (name, new FileStamp(entry.LastWriteTimeUtc.UtcDateTime, isRegular ? entry.Length : 0, isRegular));
        }
    }

    private void ReadFiles(List<(string Name, FileStamp Stamp)> unread)
    {
        DateTimeOffset now = clock.GetUtcNow();
        var read = new LeaseFile?[unread.Count];
        if (unread.Count < ParallelFrom)
        {
            for (int i = 0; i < unread.Count; i++)
            {
                ReadOne(i);
            }
        }
        else
        {
            Parallel.For(0, unread.Count, ReadOne);
        }

        ReadCount += unread.Count;
        for (int i = 0; i < read.Length; i++)
        {
            if (read[i] is { } file)
            {
                // The fault of a version that is read again is not reported again.
                if (_files.TryGetValue(file.Name, out LeaseFile? before)
                    && before.Stamp == file.Stamp
                    && _reported.Contains(before))
                {
                    _reported.Add(file);
                }

                file.LastScan = _scan;
                _files[file.Name] = file;
            }
            else
            {
                _files.Remove(unread[i].Name);
            }
        }

        // Only reads the dictionary, so that it may run on several threads.
        void ReadOne(int i)
        {
            (string name, FileStamp stamp) = unread[i];
            read[i] = LeaseFile.Read(directory, name, stamp, _files.GetValueOrDefault(name), now);
        }
    }
}
