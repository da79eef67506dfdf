using System.CommandLine;
using Sandbox.Cli.Output;
using Sandbox.Cli.Terminals;
using Sandbox.Contracts.Management;

namespace Sandbox.Cli.Commands;

/// <summary><c>key create</c>, <c>revoke</c> and <c>ls</c>.</summary>
internal static class KeyCommands
{
    private static readonly string[] Columns = ["KEY", "TENANT", "ADMIN", "CREATED", "EXPIRES", "REVOKED", "PERMISSIONS", "NOTE"];

    public static Command Create(CommandContext context) =>
        new("key", "API keys of tenants.") { CreateCreate(context), CreateRevoke(context), CreateLs(context) };

    private static Command CreateCreate(CommandContext context)
    {
        var tenant = new Option<string>("--tenant") { Description = "Whose it is.", DefaultValueFactory = _ => "default" };
        var admin = new Option<bool>("--admin") { Description = "It sees every tenant's sandboxes, and manages tenants, keys and nodes." };
        var note = new Option<string>("--note") { Description = "What it is for.", DefaultValueFactory = _ => "" };
        var expires = new Option<string?>("--expires")
        { Description = "30d, 12h, 45m, or a time as 2030-01-31T00:00:00Z; default: never.", HelpName = "WHEN" };
        var permissions = new Option<string[]>("--permission")
        {
            Description = "What it may do of rollouts: rollout:read, rollout:run, rollout:approve. May be given more than once.",
            HelpName = "NAME",
        };
        var create = new Command("create", "Make a key and print its secret, once.") { tenant, admin, note, expires, permissions };
        create.SetAction((parsed, _) => context.WithServerAsync(parsed, async client =>
        {
            var request = new KeyRequest(
                parsed.GetValue(tenant), parsed.GetValue(admin), parsed.GetValue(note),
                WhenText.Future("--expires", parsed.GetValue(expires), context.Time))
            { Permissions = parsed.GetValue(permissions) };
            var made = await client.CreateKeyAsync(request, context.Asked);
            if (context.Json(parsed))
            {
                Printer.Json(made, CliJson.Default.NewKeyResult);
                return 0;
            }

            // Alone on standard output, so that a script may take it from there.
            StandardStreams.WriteErrorLine($"sandbox: made key {made.Id} of tenant {made.Tenant}; its secret is shown only now:");
            StandardStreams.WriteOutputLine(made.Secret);
            return 0;
        }));
        return create;
    }

    private static Command CreateRevoke(CommandContext context)
    {
        var id = new Argument<string>("KEY") { Description = "The key's id, as key ls prints it." };
        var revoke = new Command("revoke", "Revoke a key.") { id };
        revoke.SetAction((parsed, _) => context.WithServerAsync(parsed, async client =>
        {
            var key = parsed.GetValue(id)!;
            await client.RevokeKeyAsync(key, context.Asked);
            context.Done(parsed, new Done("revoked") { Key = key }, $"revoked {key}");
            return 0;
        }));
        return revoke;
    }

    private static Command CreateLs(CommandContext context)
    {
        var ls = new Command("ls", "List the keys, revoked ones included.");
        ls.SetAction((parsed, _) => context.WithServerAsync(parsed, async client =>
        {
            var now = context.Time.GetUtcNow();
            string Text(DateTimeOffset? at) => Times.Shown(at, now, none: "-");
            Printer.Rows(
                context.Json(parsed), await client.KeysAsync(context.Asked), CliJson.Default.IReadOnlyListKeyResult, Columns, row =>
                [
                    row.Id, row.Tenant, row.Admin ? "yes" : "no", Text(row.CreatedAt), Text(row.ExpiresAt), Text(row.RevokedAt),
                    row.Permissions is { Count: > 0 } may ? string.Join(' ', may) : "-", row.Note,
                ]);
            return 0;
        }));
        return ls;
    }
}
