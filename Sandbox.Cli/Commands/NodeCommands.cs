using System.CommandLine;
using Sandbox.Cli.Output;

namespace Sandbox.Cli.Commands;

/// <summary><c>node ls</c>, <c>drain</c>, <c>undrain</c> and <c>token</c>.</summary>
internal static class NodeCommands
{
    private static readonly string[] Columns = ["NODE", "STATE", "DRAINING", "SANDBOXES", "ADDRESS", "VERSION"];

    public static Command Create(CommandContext context) => new("node", "Nodes of the cluster.")
    {
        CreateLs(context),
        CreateSet(context, "drain", "Let a node take no new sandboxes.", draining: true),
        CreateSet(context, "undrain", "Let it take new sandboxes again.", draining: false),
        NodeTokenCommands.Create(context),
    };

    private static Command CreateLs(CommandContext context)
    {
        var ls = new Command("ls", "List the nodes; a standalone server has none beside itself.");
        ls.SetAction((parsed, _) => context.WithServerAsync(parsed, async client =>
        {
            Printer.Rows(
                context.Json(parsed), await client.NodesAsync(context.Asked), CliJson.Default.IReadOnlyListNodeResult, Columns, row =>
                [row.Name, row.State, row.Draining ? "yes" : "no", $"{row.Sandboxes}", row.Address, row.Version]);
            return 0;
        }));
        return ls;
    }

    private static Command CreateSet(CommandContext context, string verb, string description, bool draining)
    {
        var name = new Argument<string>("NAME") { Description = "The node." };
        var set = new Command(verb, description) { name };
        set.SetAction((parsed, _) => context.WithServerAsync(parsed, async client =>
        {
            var node = parsed.GetValue(name)!;
            await client.SetDrainingAsync(node, draining, context.Asked);
            context.Done(parsed, new Done(verb + "ed") { Node = node }, $"{verb}ed {node}");
            return 0;
        }));
        return set;
    }
}
