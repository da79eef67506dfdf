using Sandbox.Cli.Servers;
using Sandbox.Rollout.Ansible;
using Sandbox.Rollout.Approvals;
using Sandbox.Rollout.Runs;
using Sandbox.Rollout.Stores;
using Sandbox.Storage;

namespace Sandbox.Cli.Rollouts;

/// <summary>Rollouts from this machine: their state in a folder, Ansible as it is installed here.</summary>
internal sealed class RolloutSession : IDisposable
{
    private RolloutSession(StateFolder state, AnsibleSettings ansible, TimeProvider time)
    {
        State = state;
        Store = RolloutStores.Open(state.Database);
        Planner = new Planner(ansible);

        // One person at their own machine asks and consents; the system says who they are.
        Desk = new ApprovalDesk(Store, new ApprovalPolicy { AllowsOwnConsent = true }, time);
        Runner = new CheckpointRunner(Store, Planner, Desk, state, time);
    }

    public StateFolder State { get; }

    public IRolloutStore Store { get; }

    public Planner Planner { get; }

    public ApprovalDesk Desk { get; }

    public CheckpointRunner Runner { get; }

    /// <summary>As whom the system knows who runs this.</summary>
    public string User { get; } = Environment.UserName;

    /// <param name="playbookFolder">Null: the one that comes with this program.</param>
    /// <exception cref="CliException">The playbooks are not there.</exception>
    public static RolloutSession Open(string inventory, string stateFolder, string? playbookFolder, TimeProvider time)
    {
        var root = Installation.RolloutFolder ?? "";
        var playbooks = playbookFolder ?? Path.Combine(root, "playbooks");
        if (!Directory.Exists(playbooks))
        {
            throw new CliException($"there is no folder of playbooks at {playbooks}; name it with --playbook-dir");
        }

        var ansible = new AnsibleSettings(Path.GetFullPath(inventory), Path.GetFullPath(playbooks), root);
        return new RolloutSession(StateFolder.Open(stateFolder), ansible, time);
    }

    public void Dispose() => Store.Dispose();
}
