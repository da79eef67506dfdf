using System.CommandLine;
using Sandbox.Cli.Output;
using Sandbox.Cli.Servers;
using Sandbox.Client.Contexts;

namespace Sandbox.Cli.Commands;

/// <summary><c>context ls</c> and <c>use</c>: the servers that this user has names for. <c>sandbox up</c> writes one.</summary>
internal static class ContextCommands
{
    private static readonly string[] Columns = ["CONTEXT", "CURRENT", "ADDRESS"];

    public static Command Create(CommandContext context) => new("context", "Servers that commands talk to, by name.")
    {
        CreateLs(context),
        CreateUse(context),
    };

    private static Command CreateLs(CommandContext context)
    {
        var ls = new Command("ls", "List the contexts; standalone is the server of the data folder.");
        ls.SetAction(parsed =>
        {
            var known = ContextFile.OfUser().Read();
            var current = known.Current ?? ContextChoice.Standalone;
            IReadOnlyList<ContextRow> rows =
            [
                RowOf(ContextChoice.Standalone, context.Settings(parsed).DataFolder),
                .. known.Contexts.OrderBy(one => one.Key, StringComparer.Ordinal).Select(one => RowOf(one.Key, one.Value.Url.AbsoluteUri)),
            ];
            Printer.Rows(
                context.Json(parsed), rows, CliJson.Default.IReadOnlyListContextRow, Columns, row =>
                [row.Name, row.Current ? "yes" : "no", row.Address]);
            return 0;

            ContextRow RowOf(string name, string address) => new(name, name == current, address);
        });
        return ls;
    }

    private static Command CreateUse(CommandContext context)
    {
        var name = new Argument<string>("NAME") { Description = "The context; standalone is the server of the data folder." };
        var use = new Command("use", "Let commands talk to this server from now on.") { name };
        use.SetAction(parsed =>
        {
            var (file, wanted) = (ContextFile.OfUser(), parsed.GetValue(name)!);
            if (wanted != ContextChoice.Standalone && !file.Read().Contexts.ContainsKey(wanted))
            {
                throw new CliException($"there is no context {wanted}; sandbox context ls lists them");
            }

            file.Use(wanted == ContextChoice.Standalone ? null : wanted);
            context.Done(parsed, new Done("used") { Context = wanted }, $"commands talk to {wanted} from now on");
            return 0;
        });
        return use;
    }
}
