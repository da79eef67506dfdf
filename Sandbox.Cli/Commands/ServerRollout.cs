using System.CommandLine;
using System.CommandLine.Invocation;
using Sandbox.Cli.Output;
using Sandbox.Cli.Rollouts;
using Sandbox.Cli.Servers;
using Sandbox.Cli.Terminals;
using Sandbox.Client;
using Sandbox.Client.Contexts;
using Sandbox.Client.Rollouts;
using Sandbox.Contracts.Rollouts;
using Sandbox.Rollout.Checkpoints;

namespace Sandbox.Cli.Commands;

/// <summary>
/// The commands of <c>deploy</c> where the environment or the current context names a server: its rollout is meant then, and the
/// server runs Ansible. A command line that names files of this machine (<see cref="RolloutOptions.NamesFiles"/>) means this machine.
/// </summary>
internal sealed class ServerRollout(CommandContext context, RolloutOptions options)
{
    private static readonly string[] StatusColumns = ["CHECKPOINT", "STATUS", "PASSED", "NODES"];

    /// <summary>Has each command ask the server where one is meant.</summary>
    public void Attach(Command deploy)
    {
        Attach(deploy, DeployAsync);
        foreach (var command in deploy.Subcommands)
        {
            Attach(command, command.Name switch
            {
                "plan" => PlanAsync,
                "approvals" => ApprovalsAsync,
                "approve" => ApproveAsync,
                "deny" => (parsed, rollout) => EndAsync(parsed, rollout.DenyAsync),
                "revoke" => (parsed, rollout) => EndAsync(parsed, rollout.RevokeAsync),
                "status" => StatusAsync,
                "executions" => ExecutionsAsync,
                "stop" => StopAsync,
                "audit" => AuditAsync,
                _ => NotServed(command.Name),
            });
            foreach (var below in command.Subcommands)
            {
                Attach(below, command.Name is "audit" ? VerifyAsync : NotServed($"{command.Name} {below.Name}"));
            }
        }
    }

    private static Func<ParseResult, RolloutClient, Task> NotServed(string command) =>
        (_, _) => throw new CliException($"deploy {command} works on the server's own machine, with --state there");

    private void Attach(Command command, Func<ParseResult, RolloutClient, Task> onServer)
    {
        if (command.Action is not AsynchronousCommandLineAction local)
        {
            return;
        }

        command.SetAction(async (parsed, cancellationToken) =>
        {
            if (options.NamesFiles(parsed) || ContextChoice.Of(context.Settings(parsed), ContextFile.OfUser()) is null)
            {
                return await local.InvokeAsync(parsed, cancellationToken);
            }

            return await context.WithServerAsync(parsed, async client =>
            {
                await onServer(parsed, client.Rollouts);
                return 0;
            });
        });
    }

    private async Task DeployAsync(ParseResult parsed, RolloutClient rollout)
    {
        var name = parsed.GetValue<string?>("--checkpoint");
        if (parsed.GetValue<bool>("--list-checkpoints") || (name is null && !parsed.GetValue<bool>("--deploy")))
        {
            DeployCommand.ListOrHelp(parsed, context);
            return;
        }

        var first = parsed.GetValue<string?>("--start-from") is { } from ? DeployCommand.Known(from) : CheckpointCatalog.All[0];
        IReadOnlyList<Checkpoint> wanted = name is null ? CheckpointCatalog.All[(first.Number - 1)..] : [DeployCommand.Known(name)];
        var isAutoApproved = parsed.GetValue<bool>("--auto-approve");
        if (isAutoApproved && !await PersonAtTerminal.ConfirmsAsync(DeployCommand.AutoApproveQuestion, context.Asked))
        {
            throw new CliException("nothing was done");
        }

        foreach (var checkpoint in wanted)
        {
            try
            {
                await RunAsync(rollout, checkpoint, isAutoApproved, parsed.GetValue<bool>("--force"));
            }
            catch (CliException exception) when (name is null)
            {
                throw new CliException($"{exception.Message}; go on with: sandbox deploy --deploy --start-from {checkpoint.Name}");
            }
        }

        if (name is null)
        {
            StandardStreams.WriteOutputLine($"passed: {string.Join(", ", wanted.Select(checkpoint => checkpoint.Name))}");
        }
    }

    /// <exception cref="CliException">It did not begin, or did not complete.</exception>
    private async Task RunAsync(RolloutClient rollout, Checkpoint checkpoint, bool isAutoApproved, bool isForced)
    {
        var request = new CheckpointRunRequest(isForced, isAutoApproved)
        {
            ApprovedBy = Environment.UserName,
            Reason = "--auto-approve",
            AcknowledgeRisks = isAutoApproved,
        };
        CheckpointRunResult begun;
        try
        {
            begun = await rollout.RunAsync(checkpoint.Name, request, context.Asked);
        }
        catch (SandboxClientException exception) when (exception.ApprovalInfo is { Requests: [{ } asked, ..] } info)
        {
            // On a server another person consents, with a key of their own.
            foreach (var line in info.ImpactSummary)
            {
                StandardStreams.WriteErrorLine($"  {line}");
            }

            throw new CliException(
                $"{checkpoint.Name}: plan {asked.PlanHash} needs an approval: sandbox deploy approve {asked.ApprovalId} --reason TEXT"
                + (info.DestructiveOperation ? " --acknowledge-risks" : ""));
        }

        await FollowAsync(rollout, begun);
    }

    private async Task FollowAsync(RolloutClient rollout, CheckpointRunResult begun)
    {
        try
        {
            await foreach (var line in rollout.OutputAsync(begun.ExecutionId, context.Asked))
            {
                if (line.Text.Length > 0)
                {
                    StandardStreams.WriteOutputLine(line.Text);
                }
            }
        }
        catch (OperationCanceledException) when (context.Asked.IsCancellationRequested)
        {
            // Ctrl-C ends the run, not only the look at it.
            await rollout.StopAsync(begun.ExecutionId, CancellationToken.None);
            throw;
        }

        if (await rollout.ExecutionAsync(begun.ExecutionId, long.MaxValue, CancellationToken.None) is { Status: not "COMPLETED" } ended)
        {
            throw new CliException($"{begun.Checkpoint}: {ended.Error ?? ended.Status}");
        }
    }

    private async Task PlanAsync(ParseResult parsed, RolloutClient rollout)
    {
        var checkpoint = DeployCommand.Known(parsed.GetValue<string>("CHECKPOINT")!);
        var plan = parsed.GetValue<bool>("--request")
            ? await rollout.RequestApprovalAsync(checkpoint.Name, context.Asked)
            : await rollout.PlanAsync(checkpoint.Name, context.Asked);
        if (context.Json(parsed))
        {
            Printer.Json(plan, CliJson.Default.PlanResult);
            return;
        }

        StandardStreams.WriteErrorLine($"{checkpoint.Name}: {checkpoint.Description}");
        StandardStreams.WriteErrorLine($"machines: {string.Join(", ", plan.Targets.Select(target => $"{target.Key} ({target.Value})"))}");
        foreach (var line in plan.ImpactSummary.Concat(plan.Changes))
        {
            StandardStreams.WriteErrorLine($"  {line.ReplaceLineEndings("\n    ")}");
        }

        StandardStreams.WriteOutputLine(plan.ApprovalId?.ToString() ?? plan.PlanHash);
    }

    private async Task ApprovalsAsync(ParseResult parsed, RolloutClient rollout) => ApprovalCommands.Print(
        context.Json(parsed),
        [
            .. (await rollout.ApprovalsAsync(context.Asked)).Select(found =>
                new ApprovalRow(found.ApprovalId, found.State, found.PlanHash, found.RequestedBy, found.ExpiresAt)
                {
                    Checkpoints = found.Checkpoints,
                    ApprovedBy = [.. found.Consents.Select(consent => consent.By)],
                }),
        ]);

    private async Task ApproveAsync(ParseResult parsed, RolloutClient rollout)
    {
        var (subject, why) = (parsed.GetValue<Guid>("APPROVAL"), parsed.GetValue<string>("--reason"));
        var granted = await rollout.ApproveAsync(
            subject, new ApprovalGrantRequest(Environment.UserName, why, parsed.GetValue<bool>("--acknowledge-risks")), context.Asked);
        context.Done(
            parsed, new Done(granted.Approved ? "approved" : "requested") { Approval = subject },
            granted.Approved ? $"Approved: {subject}" : $"{granted.Given} of {granted.Needed} approved {subject}");
    }

    private async Task EndAsync(ParseResult parsed, Func<Guid, string, CancellationToken, Task<ApprovalResult>> step)
    {
        var ended = await step(parsed.GetValue<Guid>("APPROVAL"), parsed.GetValue<string>("--reason")!, context.Asked);
        context.Done(parsed, new Done(ended.State) { Approval = ended.ApprovalId }, $"{ended.State}: {ended.ApprovalId}");
    }

    private async Task StatusAsync(ParseResult parsed, RolloutClient rollout)
    {
        var status = await rollout.StatusAsync(context.Asked);
        Printer.Rows(
            context.Json(parsed), [.. CheckpointCatalog.All.Select(checkpoint => status.CheckpointDetails[checkpoint.Name])],
            CliJson.Default.IReadOnlyListCheckpointStatusResult, StatusColumns, row =>
            [
                row.Checkpoint, row.Status, $"{row.PassedNodes}/{row.TotalNodes}",
                string.Join(' ', row.Nodes.Select(node => $"{node.Key}={node.Value.Status}")),
            ]);
    }

    private async Task ExecutionsAsync(ParseResult parsed, RolloutClient rollout)
    {
        if (parsed.GetValue<Guid?>("EXECUTION") is { } execution)
        {
            await PrintAsync(rollout, execution);
            return;
        }

        ExecutionCommands.Print(
            context.Json(parsed),
            [
                .. (await rollout.ExecutionsAsync(context.Asked)).Executions.Select(found =>
                    new ExecutionRow(found.ExecutionId, found.Checkpoint, found.Status, found.StartedBy, found.StartedAt)
                    {
                        EndedAt = found.EndedAt,
                        Error = found.Error,
                    }),
            ]);
    }

    private async Task PrintAsync(RolloutClient rollout, Guid execution)
    {
        var after = 0L;
        while (await rollout.ExecutionAsync(execution, after, context.Asked) is { Output: { Count: > 0 } lines } part)
        {
            foreach (var line in lines)
            {
                StandardStreams.WriteOutputLine(line);
            }

            after = part.After ?? after;
        }
    }

    private async Task StopAsync(ParseResult parsed, RolloutClient rollout)
    {
        var execution = parsed.GetValue<Guid>("EXECUTION");
        await rollout.StopAsync(execution, context.Asked);
        context.Done(parsed, new Done("stopped") { Execution = execution }, $"stopped {execution}");
    }

    private async Task AuditAsync(ParseResult parsed, RolloutClient rollout)
    {
        var rows = new List<AuditRow>();
        await foreach (var entry in rollout.AuditAsync(context.Asked))
        {
            rows.Add(new AuditRow(entry.Number, entry.At, entry.Actor, entry.Action, entry.Subject, entry.Detail, entry.Hash));
        }

        AuditCommand.Print(context.Json(parsed), rows);
    }

    private async Task VerifyAsync(ParseResult parsed, RolloutClient rollout)
    {
        var found = await rollout.VerifyAuditAsync(parsed.GetValue<string?>("--last"), context.Asked);
        if (found.Problem is { } problem)
        {
            throw new CliException(problem);
        }

        context.Done(parsed, new Done("verified"), $"{found.Entries} entries, the newest {found.NewestHash}");
    }
}
