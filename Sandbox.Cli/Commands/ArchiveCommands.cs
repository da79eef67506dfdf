using System.CommandLine;
using Sandbox.Cli.Output;
using Sandbox.Client;
using Sandbox.Contracts.Ids;

namespace Sandbox.Cli.Commands;

/// <summary><c>archive</c> and <c>restore</c>: a stopped sandbox put away and taken out again.</summary>
internal static class ArchiveCommands
{
    private const string Archiving = "archiving";
    private const string Archived = "archived";

    public static Command CreateArchive(CommandContext context)
    {
        var id = CommandContext.IdArgument();
        var archive = new Command("archive", "Put a stopped sandbox into the archive, its files kept.") { id };
        archive.SetAction((parsed, _) => context.WithServerAsync(parsed, async client =>
        {
            var sandbox = parsed.GetValue(id);
            await client.ArchiveAsync(sandbox, context.Asked);
            await WaitUntilArchivedAsync(client, sandbox, context.Asked);
            context.Done(parsed, new Done("archived") { SandboxId = sandbox.ToString() }, $"archived {sandbox}");
            return 0;
        }));
        return archive;
    }

    public static Command CreateRestore(CommandContext context)
    {
        var id = CommandContext.IdArgument();
        var restore = new Command("restore", "Take a sandbox out of the archive and start it.") { id };
        restore.SetAction((parsed, _) => context.WithServerAsync(parsed, async client =>
        {
            var sandbox = parsed.GetValue(id);
            var state = (await client.StatusAsync(sandbox, allStates: true, context.Asked)).State;
            if (state is not Archived)
            {
                throw new CliException($"sandbox {sandbox} is {state}, not archived");
            }

            // The server takes an archived sandbox out of its archive where a restart is asked for.
            await LifecycleCommands.RestartAsync(context, parsed, client, sandbox);
            context.Done(parsed, new Done("restored") { SandboxId = sandbox.ToString() }, $"restored {sandbox}");
            return 0;
        }));
        return restore;
    }

    private static async Task WaitUntilArchivedAsync(SandboxClient client, SandboxId id, CancellationToken cancellationToken)
    {
        await foreach (var status in client.WatchStatusAsync(id, cancellationToken))
        {
            if (status.State is Archived)
            {
                return;
            }

            if (status.State is not Archiving)
            {
                var why = status.Reason is { } reason ? $": {reason}" : "";
                throw new CliException($"sandbox {id} was not archived but is {status.State}{why}");
            }
        }
    }
}
