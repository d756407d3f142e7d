using System;
using System.IO;
using System.Threading.Tasks;
using Xunit;

namespace Overlay.Testing;

/// <summary>
/// What every test project begins with, and what keeps them apart when <c>dotnet test</c> runs several at once: a
/// project holds its turn while its tests run, together with others, or alone (<c>RunsAlone</c> in its project file).
/// </summary>
/// <remarks>
/// The turn is a flock(2) on one file beside the build outputs of all test projects, which the kernel gives back when
/// the process ends, however it ends. Checkouts do not wait for each other.
/// </remarks>
public abstract class TestTurn : IAsyncLifetime
{
    private const int WouldBlock = 11; // EWOULDBLOCK, errno(3)

    private readonly FileShare _share;
    private FileStream? _turn;

    private protected TestTurn(FileShare share) => _share = share;

    /// <summary>Waits for the turn, as long as the tests of other projects take.</summary>
    public async ValueTask InitializeAsync()
    {
        Needs.AddUnpackedPrograms();
        bool isReported = false;
        while (!TryTake())
        {
            if (!isReported)
            {
                isReported = true;
                TestContext.Current.SendDiagnosticMessage("waiting until the tests of other projects have ended");
            }

            await Task.Delay(50, TestContext.Current.CancellationToken);
        }
    }

    /// <summary>Gives the turn back.</summary>
    public ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return _turn?.DisposeAsync() ?? ValueTask.CompletedTask;
    }

    /// <returns>False while the turn is another's.</returns>
    private bool TryTake()
    {
        try
        {
            // For a file opened to be read, FileShare.Read is LOCK_SH and FileShare.None is LOCK_EX.
            _turn = new FileStream(
                Path.Combine(AppContext.BaseDirectory, "..", "..", "tests.lock"),
                FileMode.OpenOrCreate,
                FileAccess.Read,
                _share);
            return true;
        }
        catch (IOException problem) when (problem.HResult == WouldBlock)
        {
            return false;
        }
    }
}

/// <summary>Of tests that run beside those of other projects.</summary>
public sealed class SharedTestTurn() : TestTurn(FileShare.Read);

/// <summary>Of tests that are timed or load the machine: no other project's run beside them.</summary>
public sealed class ExclusiveTestTurn() : TestTurn(FileShare.None);
