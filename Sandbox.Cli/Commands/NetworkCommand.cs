using System.CommandLine;
using Sandbox.Cli.Output;
using Sandbox.Contracts.Rock;

namespace Sandbox.Cli.Commands;

/// <summary><c>network</c>: what a sandbox may reach.</summary>
internal static class NetworkCommand
{
    /// <summary>In the place of an entry: an empty list.</summary>
    private const string None = "none";

    private static readonly string[] Columns = ["FIELD", "VALUE"];

    public static Option<string[]> AllowOption() => new("--allow")
    {
        Description = "Reach this IPv4 network, or name (*.example.com: all below it), and nothing else; or none. May be repeated.",
        HelpName = "ENTRY",
    };

    public static Option<string[]> DenyOption() => new("--deny")
    {
        Description = "Do not reach this IPv4 network, whatever is allowed. May be repeated.",
        HelpName = "NETWORK",
    };

    public static Command Create(CommandContext context)
    {
        var id = CommandContext.IdArgument();
        var (allow, deny) = (AllowOption(), DenyOption());
        var open = new Option<bool>("--open") { Description = "Reach all that the server lets sandboxes reach." };
        var network = new Command("network", "Replace the lists of what a sandbox may reach, or show them.") { id, allow, deny, open };
        network.SetAction((parsed, _) => context.WithServerAsync(parsed, async client =>
        {
            var sandbox = parsed.GetValue(id);
            var lists = Lists(parsed.GetValue(allow), parsed.GetValue(deny));
            if (parsed.GetValue(open) && lists is not null)
            {
                throw new CliException("--open goes with neither --allow nor --deny", ExitCodes.Usage);
            }

            if (lists is null && !parsed.GetValue(open))
            {
                var status = await client.StatusAsync(sandbox, allStates: true, context.Asked);
                Show(context.Json(parsed), status);
                return 0;
            }

            await client.SetEgressAsync(sandbox, lists ?? new EgressMessage(), context.Asked);
            context.Done(parsed, new Done("set") { SandboxId = sandbox.ToString() }, $"set the network of {sandbox}");
            return 0;
        }));
        return network;
    }

    /// <summary>Null: none was given.</summary>
    public static EgressMessage? Lists(string[]? allow, string[]? deny) => allow is not { Length: > 0 } && deny is not { Length: > 0 }
        ? null
        : new EgressMessage(allow is not { Length: > 0 } ? null : allow is [None] ? [] : allow, deny ?? []);

    private static void Show(bool asJson, StatusResult status)
    {
        if (asJson)
        {
            Printer.Json(status.Egress ?? new EgressMessage(), RockJson.Default.EgressMessage);
            return;
        }

        Printer.Lines(
            Columns,
            [
                ["network", status.NetworkIsolation ?? "-"],
                ["may reach", status.Egress?.Allow is { } allowed ? Text(allowed) : "all that the server allows"],
                ["may not reach", Text(status.Egress?.Deny ?? [])],
            ]);
    }

    /// <summary>A list for people.</summary>
    public static string Text(IReadOnlyList<string> entries) => entries.Count == 0 ? "nothing" : string.Join(", ", entries);
}
