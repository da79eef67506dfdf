using System.Diagnostics;
using System.Text.Json;
using Sandbox.Rollout.Approvals;
using Sandbox.Rollout.Audit;
using Sandbox.Rollout.Checkpoints;
using Sandbox.Rollout.Executions;
using Sandbox.Rollout.Records;
using Sandbox.Rollout.Runs;
using Sandbox.Testing;

namespace Sandbox.Rollout.Tests.Runs;

public sealed class CheckpointRunnerTests
{
    private static readonly Checkpoint Prerequisites = CheckpointCatalog.Find("prerequisites-check")!;

    [NeedsAnsibleFact]
    [Trait("Row", "13")]
    [Trait("Row", "7")]
    public async Task Prerequisites_OfThisMachine_PassAndTellWhatItIs()
    {
        using var rollout = new RolloutOfOneMachine(variables: "minimum_cores=1 minimum_memory_mb=64 minimum_disk_mb=1");

        var ended = await rollout.RunAsync(Prerequisites);

        Assert.True(ended.State is ExecutionState.Completed, $"the check of this machine was to pass: {ended.Error}");
        var record = Assert.Single(await rollout.Store.RecordsAsync(default));
        Assert.Equal((RecordStatus.Passed, "here"), (record.Status, record.Node));
        Assert.Equal(Environment.MachineName.Split('.')[0], record.Detail.GetProperty("system_info").GetProperty("hostname").GetString());
        var file = Path.Combine(rollout.StatePath, "checkpoint-prerequisites-check-here.json");
        using var document = JsonDocument.Parse(await File.ReadAllTextAsync(file));
        Assert.Equal("PASSED", document.RootElement.GetProperty("status").GetString());
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
    }

    [NeedsAnsibleFact]
    [Trait("Row", "13")]
    [Trait("Row", "7")]
    public async Task Prerequisites_AboveThisMachine_FailAndNameTheCheck()
    {
        using var rollout = new RolloutOfOneMachine(variables: "minimum_cores=100000 minimum_disk_mb=1");

        var ended = await rollout.RunAsync(Prerequisites);

        Assert.Equal(ExecutionState.Failed, ended.State);
        var record = Assert.Single(await rollout.Store.RecordsAsync(default));
        Assert.Equal(RecordStatus.Failed, record.Status);
        Assert.Contains("cores: ", record.Detail.GetProperty("error").GetString()!, StringComparison.Ordinal);
        using var document = JsonDocument.Parse(
            await File.ReadAllTextAsync(Path.Combine(rollout.StatePath, "checkpoint-prerequisites-check-here.json")));
        Assert.Equal("FAILED", document.RootElement.GetProperty("status").GetString());
    }

    [NeedsAnsibleFact]
    [Trait("Row", "20")]
    public async Task Run_ThatNeedsAnApproval_BeginsWithOneOnceAndNeverWithAnotherPlans()
    {
        using var rollout = new RolloutOfOneMachine(Appending("ran"));

        Assert.IsType<BeginOutcome.ApprovalRequired>(await rollout.BeginAsync(RolloutOfOneMachine.Gated));
        var approved = await rollout.ApprovedAsync();
        await File.AppendAllTextAsync(rollout.Playbook, "# edited after it was approved\n");
        Assert.IsType<BeginOutcome.ApprovalRequired>(await rollout.BeginAsync(RolloutOfOneMachine.Gated));
        approved = await rollout.ApprovedAsync();

        var ended = await rollout.RunAsync(RolloutOfOneMachine.Gated);

        Assert.True(ended.State is ExecutionState.Completed, $"the approved run was to complete: {ended.Error}");
        Assert.Equal(ended.Id, (await rollout.Store.FindApprovalAsync(approved.Id, default))!.ConsumedBy);
        Assert.IsType<BeginOutcome.ApprovalRequired>(await rollout.BeginAsync(RolloutOfOneMachine.Gated));
        Assert.Null(AuditChain.Verify(await rollout.Store.AuditAsync(0, 100, default)));
    }

    [NeedsAnsibleFact]
    [Trait("Row", "13")]
    public async Task Run_ThatFailsAfterOneThatPassed_LeavesNoRecordOfThePass()
    {
        using var rollout = new RolloutOfOneMachine(variables: "minimum_cores=1 minimum_memory_mb=64 minimum_disk_mb=1");
        await rollout.RunAsync(Prerequisites);
        var inventory = await File.ReadAllTextAsync(rollout.Inventory);
        await File.WriteAllTextAsync(
            rollout.Inventory, inventory.Replace("minimum_cores=1", "minimum_cores=100000", StringComparison.Ordinal));

        await rollout.RunAsync(Prerequisites);

        Assert.Equal(RecordStatus.Failed, Assert.Single(await rollout.Store.RecordsAsync(default)).Status);
    }

    [NeedsAnsibleFact]
    public async Task Run_BesideOneThatHasNotEnded_IsRefused()
    {
        using var rollout = new RolloutOfOneMachine(variables: "minimum_cores=1");
        Assert.IsType<BeginOutcome.Begun>(await rollout.BeginAsync(Prerequisites));

        Assert.IsType<BeginOutcome.AlreadyRunning>(await rollout.BeginAsync(Prerequisites, "bob"));
    }

    [NeedsAnsibleFact]
    public async Task Run_WhoseProcessNeverBegan_IsInterruptedAndBeginsNoMore()
    {
        using var rollout = new RolloutOfOneMachine(variables: "minimum_cores=1 minimum_memory_mb=64 minimum_disk_mb=1");
        var begun = ((BeginOutcome.Begun)await rollout.BeginAsync(Prerequisites)).Execution;

        await rollout.Runner.ResumeAsync(default);

        Assert.Equal(ExecutionState.Interrupted, (await rollout.Store.FindExecutionAsync(begun.Id, default))!.State);
        var (folder, marker) = (Path.Combine(rollout.StatePath, "executions", begun.Id.ToString()), rollout.PathOf("ran"));
        using var late = Process.Start(
            "sh", [Path.Combine(RolloutOfOneMachine.Repository, "deploy/rollout/run.sh"), folder, "touch", marker]);
        await late.WaitForExitAsync();
        Assert.False(File.Exists(marker), "a process that comes after its run was given up was to do nothing");
    }

    [NeedsAnsibleFact]
    public async Task Run_WhoseFollowerDied_IsFollowedToItsEndByTheNextOne()
    {
        using var rollout = new RolloutOfOneMachine(Waiting("go", "ran"));
        await rollout.ApprovedAsync();
        var begun = ((BeginOutcome.Begun)await rollout.BeginAsync(RolloutOfOneMachine.Gated)).Execution;
        using var death = new CancellationTokenSource();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (var line in rollout.Runner.FollowAsync(begun, death.Token))
            {
                if (line.Text.StartsWith("TASK wait", StringComparison.Ordinal))
                {
                    await death.CancelAsync();
                }
            }
        });

        var resumed = rollout.Runner.ResumeAsync(default);
        await File.WriteAllTextAsync(rollout.PathOf("go"), "");
        await resumed;

        var ended = (await rollout.Store.FindExecutionAsync(begun.Id, default))!;
        Assert.True(
            ended.State is ExecutionState.Completed, $"the run was to be found again and to complete: {ended.State}, {ended.Error}");
        Assert.Single(await File.ReadAllLinesAsync(rollout.PathOf("ran")));
        var output = await rollout.Store.OutputAsync(begun.Id, 0, 1000, default);
        Assert.Equal(Enumerable.Range(1, output.Count).Select(number => (long)number), output.Select(line => line.Number));
    }

    [NeedsAnsibleFact]
    public async Task Run_ThatIsStopped_EndsWithAllItsProcesses()
    {
        using var rollout = new RolloutOfOneMachine(Waiting("go", "ran"));
        await rollout.ApprovedAsync();
        var begun = ((BeginOutcome.Begun)await rollout.BeginAsync(RolloutOfOneMachine.Gated)).Execution;
        var isAsked = false;
        await foreach (var line in rollout.Runner.FollowAsync(begun, default))
        {
            if (!isAsked && line.Text.StartsWith("TASK wait", StringComparison.Ordinal))
            {
                isAsked = await rollout.Runner.StopAsync(begun.Id, "bob", default);
            }
        }

        Assert.True(isAsked, "a run that waits was to be stopped");
        var ended = (await rollout.Store.FindExecutionAsync(begun.Id, default))!;
        Assert.Equal(ExecutionState.Cancelled, ended.State);
        await File.WriteAllTextAsync(rollout.PathOf("go"), "");
        Assert.False(File.Exists(rollout.PathOf("ran")), "what comes after the stop was not to run");
    }

    [NeedsAnsibleFact]
    [Trait("Row", "20")]
    public async Task Approval_OnAFreshSystem_NeedsNoRecord()
    {
        using var rollout = new RolloutOfOneMachine(Appending("ran"));

        var approved = await rollout.ApprovedAsync();

        Assert.Equal(ApprovalState.Approved, approved.StateAt(rollout.Time.GetUtcNow()));
    }

    // The folder of the inventory is the test's own.
    private static string Appending(string file) => $$$"""
        - name: Leave a mark
          hosts: head_nodes
          gather_facts: false
          tasks:
            - name: append
              ansible.builtin.shell: echo ran >>"{{ inventory_dir }}/{{{file}}}"
            - name: tell
              ansible.builtin.set_fact:
                checkpoint_record: {docker_test: PASSED}
        """;

    private static string Waiting(string signal, string file) => $$$"""
        - name: Wait, then leave a mark
          hosts: head_nodes
          gather_facts: false
          tasks:
            - name: wait
              ansible.builtin.wait_for:
                path: "{{ inventory_dir }}/{{{signal}}}"
                sleep: 1
                timeout: 300
            - name: append
              ansible.builtin.shell: echo ran >>"{{ inventory_dir }}/{{{file}}}"
            - name: tell
              ansible.builtin.set_fact:
                checkpoint_record: {docker_test: PASSED}
        """;
}
