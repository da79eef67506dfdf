using System.CommandLine;
using Sandbox.Cli.Output;
using Sandbox.Cli.Terminals;
using Sandbox.Contracts.Cluster;

namespace Sandbox.Cli.Commands;

/// <summary><c>node token create</c>, <c>ls</c> and <c>revoke</c>.</summary>
internal static class NodeTokenCommands
{
    private static readonly string[] Columns = ["TOKEN", "STATE", "NODE", "EXPIRES", "USED BY"];

    public static Command Create(CommandContext context) =>
        new("token", "Tokens that a node joins with once, instead of the cluster's secret.") { CreateCreate(context), CreateLs(context),
            CreateRevoke(context) };

    private static Command CreateCreate(CommandContext context)
    {
        var node = new Option<string?>("--node") { Description = "Only a node of this name may use it; default: any." };
        var expires = new Option<string>("--expires")
        {
            Description = "7d, 12h, 45m, or a time as 2030-01-31T00:00:00Z; at most 7 days.",
            HelpName = "WHEN",
            DefaultValueFactory = _ => "1h"
        };
        var create = new Command("create", "Make a token and print it, once; a worker takes it as JOIN_TOKEN.") { node, expires };
        create.SetAction((parsed, _) => context.WithServerAsync(parsed, async client =>
        {
            var left = WhenText.Future("--expires", parsed.GetValue(expires), context.Time)!.Value - context.Time.GetUtcNow();
            var request = new JoinTokenRequest(
                parsed.GetValue(node), (int)Math.Clamp(Math.Ceiling(left.TotalSeconds), int.MinValue, int.MaxValue));
            var made = await client.CreateJoinTokenAsync(request, context.Asked);
            if (context.Json(parsed))
            {
                Printer.Json(made, CliJson.Default.JoinTokenResult);
                return 0;
            }

            // Alone on standard output, so that a script may take it from there.
            StandardStreams.WriteErrorLine(
                $"sandbox: made join token {made.Id}, good once until {Times.Rfc3339(made.ExpiresAt)}; it is shown only now:");
            StandardStreams.WriteOutputLine(made.Token);
            return 0;
        }));
        return create;
    }

    private static Command CreateLs(CommandContext context)
    {
        var ls = new Command("ls", "List the tokens, used and expired ones included.");
        ls.SetAction((parsed, _) => context.WithServerAsync(parsed, async client =>
        {
            var now = context.Time.GetUtcNow();
            Printer.Rows(
                context.Json(parsed), await client.JoinTokensAsync(context.Asked), CliJson.Default.IReadOnlyListJoinTokenEntry, Columns,
                row =>
                [row.Id, row.State, row.Node ?? "any", Times.Shown(row.ExpiresAt, now, none: "-"), row.UsedBy ?? "-"]);
            return 0;
        }));
        return ls;
    }

    private static Command CreateRevoke(CommandContext context)
    {
        var id = new Argument<string>("TOKEN") { Description = "The token's id, as node token ls prints it." };
        var revoke = new Command("revoke", "Take a token out; a node that joined with it stays.") { id };
        revoke.SetAction((parsed, _) => context.WithServerAsync(parsed, async client =>
        {
            var token = parsed.GetValue(id)!;
            await client.RevokeJoinTokenAsync(token, context.Asked);
            context.Done(parsed, new Done("revoked") { Token = token }, $"revoked {token}");
            return 0;
        }));
        return revoke;
    }
}
