using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using Sandbox.Agent.Activity;
using Sandbox.Agent.Native;

namespace Sandbox.Agent.Processes;

/// <summary>Runs a command to its end and keeps what it printed, within bounds.</summary>
internal sealed class CommandRunner(Spawner spawner, AgentActivity activity, TimeProvider time)
{
    /// <summary>Bytes of each of the two streams.</summary>
    internal const int LargestOutput = 16 * 1024 * 1024;

    /// <summary>
    /// A command that runs longer than <paramref name="timeout"/>, prints more than <paramref name="largestOutput"/> on one
    /// stream, or whose caller goes away (after ten seconds) is killed with its whole session.
    /// </summary>
    internal async Task<CommandOutcome> RunAsync(
        SpawnRequest request, TimeSpan? timeout, int largestOutput, CancellationToken callerGone)
    {
        if (!TryStart(request, out var child, out var error))
        {
            return new CommandOutcome { Error = error };
        }

        using var stdout = new Capture(largestOutput, child.KillSession);
        using var stderr = new Capture(largestOutput, child.KillSession);
        var timedOut = false;
        using var limit = timeout is null
            ? null : time.CreateTimer(_ => Kill(child, ref timedOut), null, timeout.Value, Timeout.InfiniteTimeSpan);
        ITimer? abandoned = null;
        await using var gone = callerGone.Register(
            () => abandoned = time.CreateTimer(_ => child.KillSession(), null, SandboxProcess.AbandonedGrace, Timeout.InfiniteTimeSpan));
        child.Stdin?.Dispose();

        var status = await new ChildOutput(
            child, (kind, bytes) => Take(kind == OutputKind.Stderr ? stderr : stdout, bytes), time).RunAsync();
        abandoned?.Dispose();
        return new CommandOutcome
        {
            Status = status,
            Stdout = stdout.ToArray(),
            Stderr = stderr.ToArray(),
            TimedOut = timedOut,
            TooMuchOutput = stdout.Overflowed || stderr.Overflowed,
        };
    }

    private bool TryStart(SpawnRequest request, [NotNullWhen(true)] out ChildProcess? child, [NotNullWhen(false)] out SpawnError? error) =>
        spawner.TryStart(request, out child, out error);

    private ValueTask Take(Capture capture, ReadOnlyMemory<byte> bytes)
    {
        activity.Touch();
        capture.Append(bytes.Span);
        return ValueTask.CompletedTask;
    }

    private static void Kill(ChildProcess child, ref bool timedOut)
    {
        Volatile.Write(ref timedOut, true);
        child.KillSession();
    }

    /// <summary>Grows in rented memory; what comes after it was read or disposed is dropped.</summary>
    private sealed class Capture(int largest, Action overflow) : IDisposable
    {
        private readonly Lock _gate = new();
        private byte[]? _bytes = ArrayPool<byte>.Shared.Rent(1024);
        private int _count;

        internal bool Overflowed { get; private set; }

        internal void Append(ReadOnlySpan<byte> more)
        {
            lock (_gate)
            {
                if (_bytes is null || Overflowed)
                {
                    return;
                }

                if (_count + more.Length > largest)
                {
                    Overflowed = true;
                    overflow();
                    return;
                }

                Reserve(_count + more.Length);
                more.CopyTo(_bytes.AsSpan(_count));
                _count += more.Length;
            }
        }

        internal byte[] ToArray()
        {
            lock (_gate)
            {
                return _bytes.AsSpan(0, _count).ToArray();
            }
        }

        public void Dispose()
        {
            lock (_gate)
            {
                if (_bytes is not null)
                {
                    ArrayPool<byte>.Shared.Return(_bytes);
                }

                _bytes = null;
            }
        }

        private void Reserve(int size)
        {
            if (size > _bytes!.Length)
            {
                var larger = ArrayPool<byte>.Shared.Rent(Math.Max(size, _bytes.Length * 2));
                _bytes.AsSpan(0, _count).CopyTo(larger);
                ArrayPool<byte>.Shared.Return(_bytes);
                _bytes = larger;
            }
        }
    }
}
