using System;
using System.IO;
using System.Threading;
using Microsoft.Extensions.Logging;
using Overlay.Daemon.Logging;
using Overlay.Health;
using Overlay.Lease;
using Overlay.Linux;
using Overlay.Net;
using Overlay.Terminal;

namespace Overlay.Daemon.Start;

/// <summary>
/// subnet.env, by which this host counts as ready and whoever makes pods learns its subnet. One change at a time.
/// </summary>
/// <param name="path">Where it goes.</param>
/// <param name="network">The whole overlay network.</param>
/// <param name="mtu">Of the pods' interfaces, in bytes, when the file is written.</param>
/// <param name="subnet">The one held at first.</param>
/// <param name="masquerade">Whether this daemon masquerades, so that nobody else need.</param>
/// <param name="log">Gets a line for each thing that is done later than the start.</param>
internal sealed class SubnetFile(
    string path, Ipv4Prefix network, Func<int> mtu, Ipv4Prefix subnet, bool masquerade, ILogger log)
{
    private readonly Lock _changing = new();

    /// <summary>Gets the trouble that is seen, and what is put back.</summary>
    internal required HealthBoard Health { get; init; }

    private Ipv4Prefix _subnet = subnet;
    private bool _isPublished; // the file is this daemon's
    private bool _isOutdated;  // it names a former subnet: it could not be written
    private bool _isMissing;   // somebody has removed it, and it could not be written again
    private bool _isOverwriteReported; // that it cannot be replaced as a whole

    /// <summary>Checks that nothing else than a file is in the way: a rename would replace a device, too.</summary>
    /// <exception cref="OperatorException">Something else than a file is there.</exception>
    internal static void Check(string path)
    {
        string? found = path.EndsWith('/') ? "names a directory" : FileNode.KindOf(path) switch
        {
            FileNodeKind.None or FileNodeKind.Regular => null,
            FileNodeKind.Directory => "is a directory",
            _ => "is not a regular file",
        };
        if (found is not null)
        {
            throw new OperatorException(
                $"--subnet-file {path} {found}; give a file to be written, for example {SubnetEnvFile.DefaultPath}");
        }
    }

    /// <summary>Writes the file: from now on the host counts as ready.</summary>
    /// <returns>The subnet held now.</returns>
    /// <exception cref="OperatorException">It cannot be written.</exception>
    internal Ipv4Prefix Publish()
    {
        lock (_changing)
        {
            if (TryWrite() is { } refusal)
            {
                throw new OperatorException($"could not write {path}: {refusal}; choose another with --subnet-file");
            }

            _isPublished = true;
            return _subnet;
        }
    }

    /// <summary>Goes over to another subnet, if it is another. What is refused now is tried again by
    /// <see cref="Repair"/>.</summary>
    internal void MoveTo(Ipv4Prefix next)
    {
        lock (_changing)
        {
            if (next == _subnet)
            {
                return;
            }

            Ipv4Prefix before = _subnet;
            _subnet = next;
            if (!_isPublished)
            {
                return;
            }

            if (TryWrite() is { } refusal)
            {
                _isOutdated = true;
                Health.Raise(
                    HealthCodes.SubnetFileNotWritten, path, $"it still names subnet {before}, not {next}: {refusal}");
                Log.SubnetFileNotWritten(log, before.ToString(), next.ToString(), path, refusal);
                Refused?.Invoke();
            }
            else
            {
                _isOutdated = false;
                Health.Clear(HealthCodes.SubnetFileNotWritten, path);
                Log.Moved(log, before.ToString(), next.ToString(), path);
            }
        }
    }

    /// <summary>Where it goes.</summary>
    internal string FilePath => path;

    /// <summary>Called when a change of subnet could not be written; to ask for a <see cref="Repair"/> later.</summary>
    internal Action? Refused { get; set; }

    /// <summary>Writes what could not be written before, and what somebody has removed.</summary>
    /// <returns>False while it cannot be written.</returns>
    internal bool Repair()
    {
        lock (_changing)
        {
            if (_isPublished && !_isOutdated)
            {
                WriteAgainIfMissing();
            }

            if (_isOutdated && TryWrite() is null)
            {
                _isOutdated = false;
                Health.Clear(HealthCodes.SubnetFileNotWritten, path);
                Health.Repairs.Add(RepairedObject.SubnetFile);
                Log.SubnetFileWritten(log, path, _subnet.ToString());
            }

            return !_isOutdated && !_isMissing;
        }
    }

    // Another content is left alone: it is somebody's, who has to be told by other means than having it replaced.
    private void WriteAgainIfMissing()
    {
        if (FileNode.KindOf(path) != FileNodeKind.None)
        {
            _isMissing = false;
            Health.Clear(HealthCodes.SubnetFileNotWritten, path);
            return;
        }

        if (TryWrite() is { } refusal)
        {
            Health.Raise(HealthCodes.SubnetFileNotWritten, path, $"it was removed: {refusal}");
            if (!_isMissing)
            {
                _isMissing = true;
                Log.SubnetFileMissing(log, path, refusal);
            }
        }
        else
        {
            _isMissing = false;
            Health.Clear(HealthCodes.SubnetFileNotWritten, path);
            Health.Repairs.Add(RepairedObject.SubnetFile);
            Log.SubnetFilePutBack(log, path);
        }
    }

    /// <returns>Why it was refused; null when it was written.</returns>
    private string? TryWrite()
    {
        try
        {
            string? why = SubnetEnvFile.Write(path, network, _subnet, mtu(), masquerade);
            if (why is not null && !_isOverwriteReported)
            {
                _isOverwriteReported = true;
                Log.SubnetFileInPlace(log, path, why);
            }

            return null;
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            return problem.Message.TrimEnd('.');
        }
    }
}
