using Sandbox.Agent.Native;

namespace Sandbox.Agent.Activity;

/// <summary>Gives memory back once the agent has been idle for a while after work; thousands of agents share a machine.</summary>
internal sealed class IdleTrim(AgentActivity activity, TimeProvider time) : BackgroundService
{
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(30);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            await activity.NextTouch.WaitAsync(stoppingToken);
            while (activity.Idle < Quiet)
            {
                await Task.Delay(Quiet - activity.Idle + TimeSpan.FromMilliseconds(10), time, stoppingToken);
            }

            activity.AwaitTouch();
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            _ = Libc.MallocTrim(0);
        }
    }
}
