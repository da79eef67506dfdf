using System.CommandLine;
using Sandbox.Cli.Output;
using Sandbox.Cli.Terminals;
using Sandbox.Contracts.Ids;

namespace Sandbox.Cli.Commands;

/// <summary><c>cp</c>: files and folders in and out.</summary>
internal static class CpCommand
{
    public static Command Create(CommandContext context)
    {
        var from = new Argument<string>("FROM") { Description = "LOCAL, or ID:PATH." };
        var to = new Argument<string>("TO") { Description = "ID:PATH, or LOCAL." };
        var cp = new Command("cp", "Copy a file or folder into a sandbox or out of it.") { from, to };
        cp.SetAction((parsed, _) => CopyAsync(context, parsed, parsed.GetValue(from)!, parsed.GetValue(to)!));
        return cp;
    }

    private static Task<int> CopyAsync(CommandContext context, ParseResult parsed, string from, string to)
    {
        var (source, target) = (SandboxPath.TryParse(from), SandboxPath.TryParse(to));
        if ((source is null) == (target is null))
        {
            throw new CliException("cp takes one path of this machine and one ID:PATH", ExitCodes.Usage);
        }

        if (source is null && LocalEntries.KindOf(from) is LocalEntry.Missing)
        {
            throw new CliException($"there is no file {from}");
        }

        return context.WithServerAsync(parsed, async client =>
        {
            var id = (source ?? target)!.Id;
            var transfer = new Transfer(client, id);
            await (source is null
                ? transfer.InAsync(from, target!.Path, context.Asked)
                : transfer.OutAsync(source.Path, to, context.Asked));
            context.Done(
                parsed, new Done("copied") { SandboxId = id.ToString(), Path = (source ?? target)!.Path, Bytes = transfer.Bytes },
                $"copied {transfer.Bytes} bytes");
            return transfer.LeftOut == 0 ? 0 : ExitCodes.Failure;
        });
    }
}

/// <summary><c>ID:PATH</c>.</summary>
internal sealed record SandboxPath(SandboxId Id, string Path)
{
    /// <summary>Null when it is a path of this machine: write <c>./a:b</c> for a local name with a colon.</summary>
    public static SandboxPath? TryParse(string given)
    {
        var colon = given.IndexOf(':');
        return colon > 0 && colon < given.Length - 1 && SandboxId.TryParse(given[..colon], null, out var id)
            ? new SandboxPath(id, given[(colon + 1)..])
            : null;
    }
}
