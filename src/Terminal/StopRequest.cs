using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using System.Threading;

namespace Overlay.Terminal;

/// <summary>Turns the signals that end a program into a token, for as long as it lives.</summary>
/// <remarks>The first signal is remembered; the others are swallowed, so that none interrupts the clean-up.</remarks>
public sealed class StopRequest : IDisposable
{
    private const int SignalExitBase = 128;

    private static readonly (PosixSignal Signal, int Number)[] s_signals =
    [
        (PosixSignal.SIGHUP, 1), (PosixSignal.SIGINT, 2), (PosixSignal.SIGQUIT, 3), (PosixSignal.SIGTERM, 15),
    ];

    private readonly CancellationTokenSource _source = new();
    private readonly List<PosixSignalRegistration> _registrations = [];
    private int _number;

    /// <summary>Starts to listen.</summary>
    /// <param name="hangUpStops">Whether SIGHUP is one of them; otherwise it keeps whatever effect it has.</param>
    public StopRequest(bool hangUpStops = true)
    {
        foreach ((PosixSignal signal, int number) in s_signals)
        {
            if (signal == PosixSignal.SIGHUP && !hangUpStops)
            {
                continue;
            }

            _registrations.Add(PosixSignalRegistration.Create(signal, context =>
            {
                context.Cancel = true;
                _ = Interlocked.CompareExchange(ref _number, number, 0);
                _source.Cancel();
            }));
        }
    }

    /// <summary>Signalled by the first signal.</summary>
    public CancellationToken Token => _source.Token;

    /// <summary>The shell's: 130 after Ctrl-C, 143 after SIGTERM; null when no signal came.</summary>
    public int? ExitCode => Volatile.Read(ref _number) is > 0 and int number ? SignalExitBase + number : null;

    /// <inheritdoc/>
    public void Dispose()
    {
        // Waits for a handler that is running; only then may the source go.
        foreach (PosixSignalRegistration registration in _registrations)
        {
            registration.Dispose();
        }

        _source.Dispose();
    }
}
