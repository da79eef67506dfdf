using Microsoft.Extensions.Options;
using Sandbox.Rollout;
using Sandbox.Rollout.Ansible;
using Sandbox.Rollout.Approvals;
using Sandbox.Rollout.Checkpoints;
using Sandbox.Rollout.Runs;
using Sandbox.Rollout.Stores;

namespace Sandbox.Api.Rollouts;

/// <summary>The rollout that this server runs, where its configuration names one. The one place in which the interface meets the
/// library.</summary>
internal sealed class RolloutAccess(
    IOptions<RolloutOptions> options, IServiceProvider services, ExecutionSupervisor runs, TimeProvider time) : IDisposable
{
    /// <summary>Reading the inventory is a run of Ansible, and machines are seldom added.</summary>
    private static readonly TimeSpan KeepInventoryFor = TimeSpan.FromMinutes(1);

    private readonly SemaphoreSlim _reading = new(1);
    private (AnsibleInventory Inventory, long At)? _inventory;

    public RolloutOptions Options => options.Value;

    /// <summary>A server that keeps rollouts of its own machine always has a folder for them: what it needs beside that is an
    /// inventory.</summary>
    public bool IsConfigured => Options.StateFolder.Length > 0
        && (Options.Inventory.Length > 0 || File.Exists(Path.Combine(Options.StateFolder, "inventory.ini")));

    /// <summary>Opened when it is needed for the first time.</summary>
    private RolloutEngine Engine => services.GetRequiredService<RolloutEngine>();

    /// <summary>Schedules, history, webhooks and bulk runs.</summary>
    public RolloutAutomation Automation => services.GetRequiredService<RolloutAutomation>();

    public IRolloutStore Store => Engine.Store;

    public Planner Planner => Engine.Planner;

    public ApprovalDesk Desk => Engine.Desk;

    public ApprovalState StateOf(Approval approval) => approval.StateAt(time.GetUtcNow());

    public string ApprovalFileOf(Checkpoint checkpoint) => Engine.State.ApprovalFileOf(checkpoint);

    /// <summary>Begins a run, which goes on in the background.</summary>
    /// <exception cref="AnsibleException">Ansible, the inventory or the playbook cannot be used.</exception>
    public Task<BeginOutcome> BeginAsync(RunRequest request, CancellationToken cancellationToken) =>
        runs.BeginAsync(request, cancellationToken);

    public Task<bool> StopAsync(Guid execution, string by, CancellationToken cancellationToken) =>
        Engine.Runner.StopAsync(execution, by, cancellationToken);

    /// <summary>The machines, as they were a minute ago at most.</summary>
    /// <exception cref="AnsibleException">Ansible or the inventory cannot be used.</exception>
    public async Task<AnsibleInventory> InventoryAsync(CancellationToken cancellationToken)
    {
        await _reading.WaitAsync(cancellationToken);
        try
        {
            if (_inventory is not { } known || time.GetElapsedTime(known.At) >= KeepInventoryFor)
            {
                var asked = time.GetTimestamp();
                known = (await AnsibleInventory.ReadAsync(Planner.Settings, cancellationToken), asked);
                _inventory = known;
            }

            return known.Inventory;
        }
        finally
        {
            _reading.Release();
        }
    }

    public void Dispose() => _reading.Dispose();
}
