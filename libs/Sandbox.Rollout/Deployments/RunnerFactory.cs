using Sandbox.Rollout.Ansible;
using Sandbox.Rollout.Runs;

namespace Sandbox.Rollout.Deployments;

/// <summary>Runners of checkpoints for what is not run as it is configured: the files of an earlier rollout, or some of the
/// machines.</summary>
/// <param name="engine">As it is configured.</param>
public sealed class RunnerFactory(RolloutEngine engine, BundleFolder bundles, TimeProvider time)
{
    /// <summary>The runner of what a deployment runs: the files of the rollout that it goes back to, else those that are
    /// configured.</summary>
    /// <exception cref="AnsibleException">It goes back to a rollout whose files are not kept here, or were changed.</exception>
    public CheckpointRunner Of(Deployment deployment) => deployment switch
    {
        { RollbackOf: null } => engine.Runner,
        { Bundle: { } bundle } => Of(bundles.Open(bundle, engine.Planner.Settings)),
        _ => throw new AnsibleException("The playbooks and the inventory of that rollout were not kept."),
    };

    /// <summary>The runner of some of the machines.</summary>
    /// <param name="machines">Their names; empty for all.</param>
    public CheckpointRunner Of(IReadOnlyList<string> machines) =>
        machines.Count == 0 ? engine.Runner : Of(engine.Planner.Settings with { Machines = [.. machines] });

    private CheckpointRunner Of(AnsibleSettings changed) =>
        new(engine.Store, new Planner(changed), engine.Desk, engine.State, time) { StopPatience = engine.Runner.StopPatience };
}
