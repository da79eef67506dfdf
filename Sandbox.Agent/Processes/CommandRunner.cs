using Sandbox.Agent.Activity;
using Sandbox.Agent.Files;
using Sandbox.Agent.Native;

namespace Sandbox.Agent.Processes;

/// <summary>Runs a command to its end and keeps what it printed, within bounds.</summary>
internal sealed class CommandRunner(Spawner spawner, AgentActivity activity, TimeProvider time)
{
    /// <summary>Bytes of each of the two streams.</summary>
    internal const int LargestOutput = 16 * 1024 * 1024;

    /// <summary>
    /// A command that runs longer than <paramref name="timeout"/>, prints more than <paramref name="largestOutput"/> on one
    /// stream, or whose caller goes away (after ten seconds) is killed with its whole session. One that has ended in time is not late
    /// because what it left behind holds its output open: then the answer is what came until then.
    /// </summary>
    internal async Task<CommandOutcome> RunAsync(
        SpawnRequest request, TimeSpan? timeout, int largestOutput, CancellationToken callerGone)
    {
        if (!spawner.TryStart(request, out var child, out var error))
        {
            return new CommandOutcome { Error = error };
        }

        var stdout = new Capture(new Spool(), largestOutput, child.KillSession);
        var stderr = new Capture(new Spool(), largestOutput, child.KillSession);
        var timedOut = false;
        var enough = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var limit = timeout is null
            ? null
            : time.CreateTimer(_ => End(child, ref timedOut, enough), null, timeout.Value, Timeout.InfiniteTimeSpan);
        ITimer? abandoned = null;
        await using var gone = callerGone.Register(
            () => abandoned = time.CreateTimer(_ => child.KillSession(), null, SandboxProcess.AbandonedGrace, Timeout.InfiniteTimeSpan));
        child.Stdin?.Dispose();

        var status = await new ChildOutput(
            child, (kind, bytes) => Take(kind == OutputKind.Stderr ? stderr : stdout, bytes), time).RunAsync(enough.Task);
        abandoned?.Dispose();
        return new CommandOutcome
        {
            Status = status,
            Stdout = stdout.Finish(),
            Stderr = stderr.Finish(),
            TimedOut = timedOut,
            TooMuchOutput = stdout.Overflowed || stderr.Overflowed,
        };
    }

    private ValueTask Take(Capture capture, ReadOnlyMemory<byte> bytes)
    {
        activity.Touch();
        capture.Append(bytes.Span);
        return ValueTask.CompletedTask;
    }

    private static void End(ChildProcess child, ref bool timedOut, TaskCompletionSource enough)
    {
        if (child.Exited.IsCompleted)
        {
            enough.TrySetResult();
        }
        else
        {
            Volatile.Write(ref timedOut, true);
            child.KillSession();
        }
    }

    /// <summary>What comes after it was finished is dropped.</summary>
    private sealed class Capture(Spool bytes, int largest, Action overflow)
    {
        private readonly Lock _gate = new();
        private bool _finished;

        internal bool Overflowed { get; private set; }

        internal void Append(ReadOnlySpan<byte> more)
        {
            lock (_gate)
            {
                if (_finished || Overflowed)
                {
                    return;
                }

                if (bytes.Length + more.Length > largest)
                {
                    Overflowed = true;
                    overflow();
                    return;
                }

                bytes.Append(more);
            }
        }

        internal Spool Finish()
        {
            lock (_gate)
            {
                _finished = true;
                return bytes;
            }
        }
    }
}
