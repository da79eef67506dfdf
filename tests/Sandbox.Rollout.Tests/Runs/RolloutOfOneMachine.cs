using Microsoft.Extensions.Time.Testing;
using Sandbox.Rollout.Ansible;
using Sandbox.Rollout.Approvals;
using Sandbox.Rollout.Checkpoints;
using Sandbox.Rollout.Executions;
using Sandbox.Rollout.Plans;
using Sandbox.Rollout.Runs;
using Sandbox.Rollout.Stores;
using Sandbox.Storage;
using Sandbox.Testing;

namespace Sandbox.Rollout.Tests.Runs;

/// <summary>Real Ansible against this machine, with a state folder and, where a test says so, playbooks of its own.</summary>
internal sealed class RolloutOfOneMachine : IDisposable
{
    public static readonly string Repository = FindRepository();

    private readonly TempFolder _folder = new();

    /// <param name="playbook">In the place of the docker-installation, which needs an approval; null: the shipped playbooks.</param>
    /// <param name="variables">Of the machine, as in an inventory.</param>
    /// <param name="inventory">Of other machines than this one.</param>
    public RolloutOfOneMachine(string? playbook = null, string variables = "", string? inventory = null)
    {
        File.WriteAllText(Inventory, inventory ?? $"""
            [head_nodes]
            here ansible_connection=local ansible_python_interpreter=/usr/bin/python3 {variables}

            """);
        var playbooks = Path.Combine(Repository, "deploy/rollout/playbooks");
        if (playbook is not null)
        {
            playbooks = Directory.CreateDirectory(_folder.File("playbooks")).FullName;
            File.WriteAllText(Path.Combine(playbooks, Gated.Playbook), playbook);
        }

        Playbook = Path.Combine(playbooks, Gated.Playbook);
        State = StateFolder.Open(StatePath);
        Store = RolloutStores.Open(State.Database);
        var planner = new Planner(new AnsibleSettings(Inventory, playbooks, Path.Combine(Repository, "deploy/rollout")));
        Planner = planner;
        Desk = new ApprovalDesk(Store, new ApprovalPolicy(), Time);
        Runner = new CheckpointRunner(Store, planner, Desk, State, Time);
    }

    /// <summary>A checkpoint that needs an approval.</summary>
    public static Checkpoint Gated => CheckpointCatalog.Find("docker-installation")!;

    public FakeTimeProvider Time { get; } = new(new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero));

    public string Inventory => _folder.File("inventory.ini");

    public string StatePath => _folder.File("state");

    public string Playbook { get; }

    public StateFolder State { get; }

    public IRolloutStore Store { get; }

    public Planner Planner { get; }

    public ApprovalDesk Desk { get; }

    public CheckpointRunner Runner { get; }

    public string PathOf(string name) => _folder.File(name);

    public Task<Approval> ApprovedAsync() => ApproveAsync(Gated);

    /// <summary>An approval of the checkpoint's plan as it is now.</summary>
    public async Task<Approval> ApproveAsync(Checkpoint checkpoint) =>
        await ApproveAsync(checkpoint, await Planner.PlanAsync(checkpoint, default));

    public async Task<Approval> ApproveAsync(Checkpoint checkpoint, RolloutPlan plan)
    {
        var request = await Desk.RequestAsync(plan, "ann", default);
        var outcome = await Desk.ApproveAsync(request.Id, "bob", "needed", acknowledgesRisks: true, default);
        return outcome.TryGet(out var approved, out var refusal)
            ? approved : throw new InvalidOperationException($"bob was to be able to approve: {refusal}");
    }

    /// <summary>Begins a run of a checkpoint by itself, whatever ran before.</summary>
    public Task<BeginOutcome> BeginAsync(Checkpoint checkpoint, string by = "ann") =>
        Runner.BeginAsync(new RunRequest(checkpoint, by) { IsForced = true }, default);

    /// <summary>Begins a run and follows it to its end.</summary>
    public async Task<Execution> RunAsync(Checkpoint checkpoint)
    {
        var outcome = await BeginAsync(checkpoint);
        var begun = outcome is BeginOutcome.Begun { Execution: var execution }
            ? execution : throw new InvalidOperationException($"the run was to begin: {outcome}");
        await foreach (var _ in Runner.FollowAsync(begun, default))
        {
            // Kept in the store.
        }

        return (await Store.FindExecutionAsync(begun.Id, default))!;
    }

    public void Dispose()
    {
        Store.Dispose();
        _folder.Dispose();
    }

    private static string FindRepository()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "Sandbox.Aspire.sln")))
        {
            folder = Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("This is not in the repository.");
        }

        return folder;
    }
}
