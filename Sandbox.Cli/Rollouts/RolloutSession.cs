using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Sandbox.Rollout;
using Sandbox.Rollout.Runs;
using Sandbox.Rollout.Stores;
using Sandbox.Rollout.Webhooks;
using Sandbox.Storage;

namespace Sandbox.Cli.Rollouts;

/// <summary>Rollouts from this machine: their state in a folder, Ansible as it is installed here.</summary>
internal sealed class RolloutSession : IDisposable
{
    private readonly RolloutEngine _engine;
    private readonly RolloutStoreSet _stores;
    private readonly TimeProvider _time;

    private RolloutSession(RolloutEngine engine, RolloutStoreSet stores, TimeProvider time) =>
        (_engine, _stores, _time) = (engine, stores, time);

    public StateFolder State => _engine.State;

    public IRolloutStore Store => _engine.Store;

    public Planner Planner => _engine.Planner;

    public ApprovalDesk Desk => _engine.Desk;

    public CheckpointRunner Runner => _engine.Runner;

    /// <summary>As whom the system knows who runs this.</summary>
    public string User { get; } = Environment.UserName;

    /// <param name="playbookFolder">Null: the one that comes with this program.</param>
    /// <exception cref="Sandbox.Rollout.Ansible.AnsibleException">The playbooks are not there.</exception>
    public static RolloutSession Open(string inventory, string stateFolder, string? playbookFolder, TimeProvider time)
    {
        var options = new RolloutOptions
        {
            StateFolder = stateFolder,
            Inventory = inventory,
            PlaybookFolder = playbookFolder ?? "",
            // One person at their own machine asks and consents; the system says who they are.
            AllowsOwnApproval = true,
        };
        RolloutStoreSet? stores = null;
        var engine = RolloutEngine.Open(options, path => (stores = RolloutStores.OpenAll(path)).Rollouts, time);
        return new RolloutSession(engine, stores!, time);
    }

    /// <summary>Schedules, history, webhooks and bulk runs over this state.</summary>
    /// <param name="allowPrivate">Webhooks may be at private addresses.</param>
    public RolloutAutomation Automate(bool allowPrivate = false, ILogger<RolloutAutomation>? logger = null) => new(
        _engine, new DirectRunStarter(), _stores.History, new WebhookOptions { AllowPrivate = allowPrivate }, _time,
        logger ?? NullLogger<RolloutAutomation>.Instance);

    public void Dispose() => _stores.Dispose();
}
