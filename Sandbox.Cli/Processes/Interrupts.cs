using System.Runtime.InteropServices;

namespace Sandbox.Cli.Processes;

/// <summary>
/// What a person or the system tells this program by signals. Whoever runs a command inside a sandbox takes them over
/// for that time; otherwise the first one ends our own work.
/// </summary>
internal sealed class Interrupts : IDisposable
{
    private static readonly PosixSignal[] Heard = [PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP, PosixSignal.SIGQUIT];

    private readonly CancellationTokenSource _asked = new();
    private readonly PosixSignalRegistration[] _registrations;
    private Action<PosixSignal>? _taker;
    private int _first;

    public Interrupts() => _registrations = [.. Heard.Select(signal => PosixSignalRegistration.Create(signal, OnSignal))];

    /// <summary>Ends with the first signal that nobody took over.</summary>
    public CancellationToken Asked => _asked.Token;

    /// <summary>Of a program that such a signal ended.</summary>
    public int ExitCode => _first == 0 ? ExitCodes.Interrupted : ExitCodes.OfSignal(_first);

    public IDisposable TakeOver(Action<PosixSignal> taker)
    {
        _taker = taker;
        return new Release(this);
    }

    public static int NumberOf(PosixSignal signal) => signal switch
    {
        PosixSignal.SIGHUP => 1,
        PosixSignal.SIGINT => 2,
        PosixSignal.SIGQUIT => 3,
        _ => 15,
    };

    public void Dispose()
    {
        foreach (var registration in _registrations)
        {
            registration.Dispose();
        }

        _asked.Dispose();
    }

    private void OnSignal(PosixSignalContext context)
    {
        context.Cancel = true;
        if (_taker is { } taker)
        {
            taker(context.Signal);
            return;
        }

        Interlocked.CompareExchange(ref _first, NumberOf(context.Signal), 0);
        _asked.Cancel();
    }

    private sealed class Release(Interrupts interrupts) : IDisposable
    {
        public void Dispose() => interrupts._taker = null;
    }
}
