using System.Runtime.InteropServices;
using Microsoft.Extensions.Options;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Policies;
using Sandbox.Domain.Stores;
using Sandbox.Node.Deployments;
using Sandbox.Node.Jobs;
using Sandbox.Testing;
using Sandbox.Worker.Tests.Running;

namespace Sandbox.Worker.Tests.Jobs;

public sealed class StartTests : LocalWorkerTests
{
    [Fact]
    public async Task Start_StopIsAskedMeanwhile_EndsPromptlyAndLeavesNothing()
    {
        var gate = Hold("starting");
        var record = await Worker.SubmitAsync(WorkerHost.Prepare("box"));
        await gate.Reached;

        var stopped = await Worker.Sandboxes.StopAsync(record.Id, StopReason.Asked, CancellationToken.None);

        await gate.Cancelled;
        Assert.True(stopped.TryGet(out var now, out var error), error?.Text);
        Assert.Equal(SandboxState.Stopped, now.State);
        await WorkerHost.UntilAsync(() => !FolderOf(record.Incarnation).Exists, "what was begun is removed");
        Assert.Empty(ProcessesOf(record.Incarnation));
    }

    /// <summary>The API asks the policy, and a record may have been written past it.</summary>
    [Fact]
    public async Task Start_OfARecordThatTheNodesPolicyForbids_FailsAndStartsNothing()
    {
        var prepared = WorkerHost.Prepare("box");

        var record = await Worker.SubmitAsync(prepared with { Spec = prepared.Spec with { Privileged = true } });

        var error = await FailureAsync(record);
        Assert.Equal("This server does not allow privileged sandboxes.", error.Reason);
        Assert.False(FolderOf(record.Incarnation).Exists, "nothing was to be made of it");
    }

    /// <summary>Processes of this machine have no limit of their disk, as containers have none on most file systems.</summary>
    [Fact]
    public async Task Start_WhoseDiskLimitCannotBeEnforced_FailsWhereThePolicyRequiresThat_AndLeavesNothing()
    {
        Worker.Get<IOptions<SecurityPolicy>>().Value.Disk = "required";
        var prepared = WorkerHost.Prepare("box");

        var record = await Worker.SubmitAsync(prepared with { Spec = prepared.Spec with { DiskBytes = 1L << 30 } });

        var error = await FailureAsync(record);
        Assert.Equal(
            "Security:Disk is 'required', and the disk limit of a sandbox cannot be enforced here: that needs overlay2 on XFS with project "
                + "quotas", error.Reason);
        await WorkerHost.UntilAsync(() => !FolderOf(record.Incarnation).Exists, "what was begun is removed");
        Assert.Empty(ProcessesOf(record.Incarnation));
    }

    [Fact]
    public async Task Start_AgentEndsAtOnce_FailsAtOnceWithItsExitReason()
    {
        var broken = Data.File(Architecture);
        Directory.CreateDirectory(broken);
        WriteProgram(Path.Combine(broken, "sandbox-agent"), "echo no luck today >&2; exit 3");
        await CrashAndStartAsync(("AgentFolder", Data.File("agents")));

        var record = await Worker.SubmitAsync(WorkerHost.Prepare("box"));

        var error = await FailureAsync(record);
        Assert.Equal(SandboxPhase.DockerRun, error.Phase);
        Assert.Equal("it ended before its agent answered: its process ended with exit code 3: no luck today", error.Reason);
        var failed = await Worker.UntilAsync(record.Id, now => now.State is SandboxState.Stopped, "stopped");
        Assert.Equal(PhaseStatus.Failed, failed.Phases.Find(phase => phase.Name == SandboxPhase.DockerRun)?.Status);
        await WorkerHost.UntilAsync(() => !FolderOf(record.Incarnation).Exists, "what never ran is removed");
    }

    [Fact]
    public async Task Start_AgentNeverAnswers_FailsAtItsDeadline()
    {
        var silent = Data.File(Architecture);
        Directory.CreateDirectory(silent);
        WriteProgram(Path.Combine(silent, "sandbox-agent"), "exec sleep 1000");
        await CrashAndStartAsync(("AgentFolder", Data.File("agents")));
        var prepared = WorkerHost.Prepare("box");
        prepared = prepared with
        {
            TransientDeadline = prepared.CreatedAt + TimeSpan.FromSeconds(6),
            Spec = prepared.Spec with { StartupTimeout = TimeSpan.FromSeconds(6) },
        };

        var record = await Worker.SubmitAsync(prepared);

        var error = await FailureAsync(record);
        Assert.Equal("not ready 6 s after the start was asked for", error.Reason);
        var failed = await Worker.UntilAsync(record.Id, now => now.State is SandboxState.Stopped, "stopped");
        Assert.Equal(PhaseStatus.Timeout, failed.Phases.Find(phase => phase.Name == SandboxPhase.DockerRun)?.Status);
        await WorkerHost.UntilAsync(
            () => !FolderOf(record.Incarnation).Exists && ProcessesOf(record.Incarnation).Count == 0, "what never ran is removed");
    }

    [Theory]
    [InlineData("creating")]
    [InlineData("starting")]
    public async Task Start_ServerDiesAtAnyStep_IsFinishedByItsNextLife(string step)
    {
        var gate = Hold(step);
        var record = await Worker.SubmitAsync(WorkerHost.Prepare("box"));
        await gate.Reached;

        await CrashAndStartAsync();

        await Worker.UntilAsync(record.Id, now => now.State is SandboxState.Running, "running");
        Assert.Equal("1\n", await Worker.ExecAsync(record.Id, "echo 1"));
        var found = Assert.Single(await Local.ListAsync(CancellationToken.None));
        Assert.Equal((record.Incarnation, true), (found.Incarnation, found.Running));
    }

    [Fact]
    public async Task Job_ClaimedByAnEarlierLife_IsTakenAgainAtOnce()
    {
        await Worker.CrashAsync();
        await using (var earlier = WorkerHost.Build(Data.Path))
        {
            await earlier.SubmitAsync(WorkerHost.Prepare("box"));
            Assert.Single(
                await earlier.Get<IJobStore>().ClaimAsync(new JobClaim("node-1", 1, TimeSpan.FromHours(1)), CancellationToken.None));
        }

        await StartWorkerAsync();

        await Worker.UntilAsync(WorkerHost.Prepare("box").Id, now => now.State is SandboxState.Running, "running");
    }

    [Fact]
    public async Task Job_LeaseIsLost_IsNotActedOnAnyMore()
    {
        var gate = Hold("starting");
        var record = await Worker.SubmitAsync(WorkerHost.Prepare("box"));
        await gate.Reached;

        // Another begins the same job, as after a pause longer than the lease.
        await Worker.Get<IJobStore>().ReleaseAllOfAsync("node-1", CancellationToken.None);

        await gate.Cancelled;
        gate.Open();
        await Worker.UntilAsync(record.Id, now => now.State is SandboxState.Running, "running by the next attempt");
        Assert.Single(await Local.ListAsync(CancellationToken.None));
    }

    [Fact]
    public async Task Start_FailsUnderAClaimThatIsVoid_SaysNothingOfTheAttemptThatHasBegunSince()
    {
        using var data = new TempFolder();
        await using var worker = WorkerHost.Build(data.Path);
        var record = await worker.SubmitAsync(WorkerHost.Prepare("box"));
        var jobs = worker.Get<IJobStore>();
        var voided = Assert.Single(await jobs.ClaimAsync(new JobClaim("node-1", 1, TimeSpan.FromHours(1)), CancellationToken.None));
        await jobs.ReleaseAllOfAsync("node-1", CancellationToken.None);
        var held = Assert.Single(await jobs.ClaimAsync(new JobClaim("node-1", 1, TimeSpan.FromHours(1)), CancellationToken.None));
        var error = new SandboxError.StartFailed(record.Id, SandboxPhase.DockerRun, "no luck today");
        var deployments = worker.Get<DeploymentSet>();

        var late = await worker.Get<StartAttempt>()
            .RunAsync(record, deployments, (_, _, _) => Task.FromResult<Result<StartedSandbox>>(error), voided, CancellationToken.None);

        Assert.Equal(
            (StartOutcome.Unwanted, SandboxState.Pending),
            (late, (await worker.Records.FindAsync(record.Id, CancellationToken.None))?.State));
        var own = await worker.Get<StartAttempt>()
            .RunAsync(record, deployments, (_, _, _) => Task.FromResult<Result<StartedSandbox>>(error), held, CancellationToken.None);
        Assert.Equal(
            (StartOutcome.Failed, SandboxState.Stopped), (own, (await worker.Records.FindAsync(record.Id, CancellationToken.None))?.State));
    }

    [Fact]
    public async Task Stop_ServerDiesBeforeItIsDone_IsFinishedByItsNextLife()
    {
        var record = await Worker.RunAsync(WorkerHost.Prepare("box"));
        var gate = Hold("stopping");
        var stopping = Worker.Sandboxes.StopAsync(record.Id, StopReason.Asked, CancellationToken.None);
        await gate.Reached;

        await CrashAndStartAsync();

        await WorkerHost.UntilAsync(() => ProcessesOf(record.Incarnation).Count == 0, "its processes have ended");
        Assert.Equal(SandboxState.Stopped, (await Worker.Records.FindAsync(record.Id, CancellationToken.None))?.State);
        Assert.True(FolderOf(record.Incarnation).Exists, "a stop keeps the files");
        await Record.ExceptionAsync(() => stopping);
    }

    [Fact]
    public async Task Start_TwoWithOneIdAtOnce_OneIsRefused()
    {
        var answers = await Task.WhenAll(
            Enumerable.Range(0, 2).Select(_ => Worker.Sandboxes.SubmitAsync(WorkerHost.Prepare("box"), null, CancellationToken.None)));

        var errors = answers.Select(answer => answer.TryGet(out _, out var error) ? null : error).OfType<SandboxError>().ToList();
        Assert.Equal("Sandbox box already exists.", Assert.Single(errors).Text);
        await Worker.UntilAsync(WorkerHost.Prepare("box").Id, now => now.State is SandboxState.Running, "running");
        Assert.Single(await Local.ListAsync(CancellationToken.None));
    }

    private static string Architecture { get; } =
        RuntimeInformation.ProcessArchitecture is System.Runtime.InteropServices.Architecture.Arm64
            ? "agents/linux-arm64" : "agents/linux-x64";

    private async Task<SandboxError.StartFailed> FailureAsync(SandboxInstance record)
    {
        using var limit = new CancellationTokenSource(WorkerHost.Soon);
        var answer = await Worker.Sandboxes.WaitUntilAliveAsync(record.Id, limit.Token);
        Assert.False(answer.TryGet(out _, out var error));
        return Assert.IsType<SandboxError.StartFailed>(error);
    }

    private static void WriteProgram(string path, string script)
    {
        File.WriteAllText(path, $"#!/bin/sh\n{script}\n");
        File.SetUnixFileMode(path, (UnixFileMode)0b111_101_101);
    }
}
