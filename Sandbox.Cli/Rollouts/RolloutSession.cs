using Sandbox.Rollout;
using Sandbox.Rollout.Runs;
using Sandbox.Rollout.Stores;
using Sandbox.Storage;

namespace Sandbox.Cli.Rollouts;

/// <summary>Rollouts from this machine: their state in a folder, Ansible as it is installed here.</summary>
internal sealed class RolloutSession : IDisposable
{
    private readonly RolloutEngine _engine;

    private RolloutSession(RolloutEngine engine) => _engine = engine;

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
        return new RolloutSession(RolloutEngine.Open(options, RolloutStores.Open, time));
    }

    public void Dispose() => Store.Dispose();
}
