using System.CommandLine;
using Sandbox.Cli.Output;
using Sandbox.Cli.Terminals;
using Sandbox.Rollout.Webhooks;

namespace Sandbox.Cli.Commands;

/// <summary><c>deploy webhook</c>: add, ls, rm and deliveries.</summary>
internal static class WebhookCommands
{
    private static readonly string[] Columns = ["WEBHOOK", "URL", "EVENTS"];
    private static readonly string[] DeliveryColumns = ["MESSAGE", "EVENT", "STATUS", "ATTEMPTS", "ANSWER", "ERROR"];

    public static Command Create(CommandContext context, RolloutOptions options) =>
        new("webhook", "Addresses that are told what happens, where deploy worker or a server runs.")
        {
            CreateAdd(context, options), CreateLs(context, options), CreateRm(context, options), CreateDeliveries(context, options),
        };

    private static Command CreateAdd(CommandContext context, RolloutOptions options)
    {
        var url = new Argument<string>("URL") { Description = "An https address." };
        var events = new Option<string[]>("--event")
        {
            Description = "approval.requested, execution.*, ...; once or more often. Default: all.",
            HelpName = "EVENT",
            DefaultValueFactory = _ => ["*"],
        };
        var allow = new Option<bool>("--allow-private") { Description = "It may be at a private address, and without TLS." };
        var add = new Command("add", "Add a webhook and print its secret, once.") { url, events, allow };
        options.SetAction(add, async (parsed, session) =>
        {
            using var automation = session.Automate(parsed.GetValue(allow));
            try
            {
                var (added, secret) = await automation.Webhooks.AddAsync(
                    parsed.GetValue(url)!, parsed.GetValue(events)!, session.User, context.Asked);
                if (context.Json(parsed))
                {
                    Printer.Json(RowOf(added) with { Secret = secret }, CliJson.Default.WebhookRow);
                    return;
                }

                // Alone on standard output, so that a script may take it from there.
                StandardStreams.WriteErrorLine($"sandbox: added webhook {added.Id}; its secret is shown only now:");
                StandardStreams.WriteOutputLine(secret);
            }
            catch (WebhookException exception)
            {
                throw new CliException(exception.Message);
            }
        });
        return add;
    }

    private static Command CreateLs(CommandContext context, RolloutOptions options)
    {
        var ls = new Command("ls", "List the webhooks.");
        options.SetAction(ls, async (parsed, session) =>
        {
            using var automation = session.Automate();
            var rows = (await automation.Webhooks.ListAsync(context.Asked)).Select(RowOf);
            Printer.Rows(
                context.Json(parsed), [.. rows], CliJson.Default.IReadOnlyListWebhookRow, Columns, row =>
                    [row.WebhookId.ToString(), row.Url, string.Join(' ', row.Events)]);
        });
        return ls;
    }

    private static Command CreateRm(CommandContext context, RolloutOptions options)
    {
        var id = IdArgument();
        var remove = new Command("rm", "Take a webhook out, with the messages that it was not sent yet.") { id };
        options.SetAction(remove, async (parsed, session) =>
        {
            using var automation = session.Automate();
            var webhook = parsed.GetValue(id);
            if (!await automation.Webhooks.RemoveAsync(webhook, session.User, context.Asked))
            {
                throw new CliException($"there is no webhook {webhook}");
            }

            context.Done(parsed, new Done("removed") { Webhook = webhook }, $"removed {webhook}");
        });
        return remove;
    }

    private static Command CreateDeliveries(CommandContext context, RolloutOptions options)
    {
        var id = IdArgument();
        var deliveries = new Command("deliveries", "List the newest messages to a webhook, and what became of them.") { id };
        options.SetAction(deliveries, async (parsed, session) =>
        {
            using var automation = session.Automate();
            var rows = (await automation.DeliveriesAsync(parsed.GetValue(id), limit: 100, context.Asked)).Select(found =>
                new DeliveryRow(found.Id, found.Type, found.State.ToString().ToUpperInvariant(), found.Attempts)
                {
                    NextAt = found.NextAt,
                    LastStatus = found.LastStatus,
                    Error = found.LastError,
                });
            Printer.Rows(
                context.Json(parsed), [.. rows], CliJson.Default.IReadOnlyListDeliveryRow, DeliveryColumns, row =>
                    [row.MessageId, row.Type, row.Status, $"{row.Attempts}", row.LastStatus?.ToString() ?? "-", row.Error ?? "-"]);
        });
        return deliveries;
    }

    private static Argument<Guid> IdArgument() => new("WEBHOOK") { Description = "The webhook's id, as webhook ls prints it." };

    private static WebhookRow RowOf(Webhook webhook) => new(webhook.Id, webhook.Url.AbsoluteUri, webhook.Events);
}
