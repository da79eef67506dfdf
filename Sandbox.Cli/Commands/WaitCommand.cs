using System.CommandLine;
using Sandbox.Cli.Output;
using Sandbox.Client;
using Sandbox.Contracts.Ids;

namespace Sandbox.Cli.Commands;

/// <summary><c>wait</c>: until a sandbox is in a state.</summary>
internal static class WaitCommand
{
    private const string Running = "running";
    private const string Stopped = "stopped";
    private const string Archived = "archived";
    private const string Deleted = "deleted";

    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(500);

    public static Command Create(CommandContext context)
    {
        var id = CommandContext.IdArgument();
        var state = new Option<string>("--for")
        {
            Description = "running, stopped (or put away, or gone), archived or deleted.",
            HelpName = "STATE",
            DefaultValueFactory = _ => Stopped,
        };
        state.AcceptOnlyFromAmong(Running, Stopped, Archived, Deleted);
        var timeout = new Option<double?>("--timeout") { Description = "Give up after so many seconds (exit code 124).", HelpName = "S" };
        var wait = new Command("wait", "Wait until a sandbox has stopped, or is in another state; print the state.") { id, state, timeout };
        wait.SetAction((parsed, _) => context.WithServerAsync(parsed, async client =>
        {
            var sandbox = parsed.GetValue(id);
            var reached = await ReachAsync(context, client, sandbox, parsed.GetValue(state)!, Limits.Seconds(parsed.GetValue(timeout)));
            context.Done(parsed, new Done(reached) { SandboxId = sandbox.ToString() }, reached);
            return 0;
        }));
        return wait;
    }

    private static async Task<string> ReachAsync(
        CommandContext context, SandboxClient client, SandboxId id, string state, TimeSpan? limit)
    {
        using var timed = new CancellationTokenSource(limit ?? Timeout.InfiniteTimeSpan, context.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(context.Asked, timed.Token);
        try
        {
            return state is Running
                ? (await client.WaitUntilAliveAsync(id, progress: null, either.Token)).State ?? Running
                : await UntilEndAsync(context, client, id, state, either.Token);
        }
        catch (OperationCanceledException) when (timed.IsCancellationRequested && !context.Asked.IsCancellationRequested)
        {
            throw new CliException($"sandbox {id} was not {state} in time", ExitCodes.TimedOut);
        }
    }

    private static async Task<string> UntilEndAsync(
        CommandContext context, SandboxClient client, SandboxId id, string state, CancellationToken cancellationToken)
    {
        // Asking for the status of a sandbox that runs counts as use of it and would keep it from ever being idle; a batch does not.
        while ((await client.BatchAsync([id], cancellationToken)).Count > 0)
        {
            await Task.Delay(Poll, context.Time, cancellationToken);
        }

        await foreach (var status in client.WatchStatusAsync(id, cancellationToken))
        {
            if (status.State == state || (state is Stopped && status.State is Archived or Deleted))
            {
                return status.State!;
            }

            if (status.State is Deleted)
            {
                throw new CliException($"sandbox {id} is deleted");
            }
        }

        throw new CliException($"sandbox {id} vanished while it was awaited");
    }
}
