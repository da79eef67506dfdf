using System.Globalization;
using Sandbox.Rollout.Tests.Runs;

/// <summary>Makes of this program another one, where the runtime is told to: a rollout that is killed.</summary>
internal static class StartupHook
{
    public const string Word = "killed-rollout";

    /// <summary>Called by the runtime before the program begins.</summary>
    public static void Initialize()
    {
        if (File.ReadAllText("/proc/self/cmdline").Split('\0') is not [.., Word, var place, var point, var checkpoints, _])
        {
            return;
        }

        var engine = StandInAnsible.Open(place, TimeProvider.System, store => KillingStore.Around(store, point));
        RolloutSteps.PassAsync(engine, int.Parse(checkpoints, CultureInfo.InvariantCulture)).GetAwaiter().GetResult();
        Environment.Exit(0);
    }
}
