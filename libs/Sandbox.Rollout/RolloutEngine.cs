using Sandbox.Rollout.Ansible;
using Sandbox.Rollout.Runs;
using Sandbox.Rollout.Stores;

namespace Sandbox.Rollout;

/// <summary>The rollouts that this process can run: their state, Ansible as it is installed here, and who must approve.</summary>
public sealed class RolloutEngine
{
    private RolloutEngine(StateFolder state, IRolloutStore store, AnsibleSettings ansible, RolloutOptions options, TimeProvider time)
    {
        State = state;
        Store = store;
        Planner = new Planner(ansible);
        Desk = new ApprovalDesk(store, options.ToPolicy(), time);
        Runner = new CheckpointRunner(store, Planner, Desk, state, time) { StopPatience = options.StopPatience };
        Output = new ExecutionOutput(store, time);
    }

    public StateFolder State { get; }

    public IRolloutStore Store { get; }

    public Planner Planner { get; }

    public ApprovalDesk Desk { get; }

    public CheckpointRunner Runner { get; }

    public ExecutionOutput Output { get; }

    /// <param name="store">Opens the store, given the state folder's own database, which it may use; the caller disposes what it
    /// opened.</param>
    /// <exception cref="AnsibleException">The playbooks, or what a run needs beside them, are not there.</exception>
    /// <exception cref="IOException">The state folder cannot be made.</exception>
    /// <exception cref="UnauthorizedAccessException">It cannot be made, or others may look into it.</exception>
    public static RolloutEngine Open(RolloutOptions options, Func<string, IRolloutStore> store, TimeProvider time)
    {
        var tools = ToolFolder.Find() ?? throw new AnsibleException("The folder rollout, which comes with this program, is missing.");
        var playbooks = options.PlaybookFolder is { Length: > 0 } given ? given : Path.Combine(tools, "playbooks");
        if (!Directory.Exists(playbooks))
        {
            throw new AnsibleException($"There is no folder of playbooks at {playbooks}.");
        }

        var state = StateFolder.Open(options.StateFolder);
        var inventory = options.Inventory is { Length: > 0 } named ? named : Path.Combine(options.StateFolder, "inventory.ini");
        var ansible = new AnsibleSettings(Path.GetFullPath(inventory), Path.GetFullPath(playbooks), tools)
        {
            ProgramFolder = options.AnsibleFolder,
        };
        return new RolloutEngine(state, store(state.Database), ansible, options, time);
    }
}
