using Microsoft.Extensions.DependencyInjection;
using Sandbox.Contracts.Ids;
using Sandbox.Deployments.Docker;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Specs;
using Sandbox.Domain.Stores;
using Sandbox.Node.Deployments;
using Sandbox.Storage;
using Sandbox.Testing;
using Sandbox.Testing.Clusters;

namespace Sandbox.Chaos.Tests.Mutants;

/// <summary>The engine finishes a start late: by then the sandbox has been stopped and deleted, and its jobs are done.</summary>
public sealed class SweepTests
{
    [NeedsDockerFact]
    public async Task Sweep_Kept_TheOrphanGoes()
    {
        await using var cluster = await StartLateAsync(isMutant: false);
        await cluster.MustComeToOrderAsync();
    }

    [NeedsDockerFact]
    public async Task Sweep_Off_IsCaught()
    {
        await using var cluster = await StartLateAsync(isMutant: true);

        var verdict = await cluster.JudgeAsync();

        Assert.Equal(["ContainersMatch"], verdict.Broken);
        Assert.Contains(verdict.Violations, violation => violation.Contains("orphan", StringComparison.Ordinal));
    }

    private static async Task<SmallCluster> StartLateAsync(bool isMutant)
    {
        var rounds = 0;
        var cluster = await SmallCluster.StartAsync(worker: services => services.Decorate<IDeployment>(
            (provider, _) => (method, _, pass) =>
            {
                if (method != nameof(IDeployment.ListAsync))
                {
                    return pass();
                }

                Interlocked.Increment(ref rounds);
                return isMutant
                    ? WantedAsync((Task<IReadOnlyList<FoundSandbox>>)pass()!, provider.GetRequiredService<ISandboxStore>()) : pass();
            },
            nameof(DockerDeployment)));
        await cluster.RunBoxAsync();
        var record = (await cluster.Records.FindAsync(SandboxId.Parse(SmallCluster.Box), CancellationToken.None))!;
        await cluster.One.StopAsync(SmallCluster.Box);
        await cluster.One.DeleteAsync(SmallCluster.Box);

        var docker = cluster.Worker.Services.GetRequiredService<DeploymentSet>()[DeploymentKind.Docker];
        // Under its lock, so that the sweep does not take away under it what it makes.
        using (await cluster.Worker.Services.GetRequiredService<KeyedLock<IncarnationId>>()
            .EnterAsync(record.Incarnation, CancellationToken.None))
        {
            var started = await docker.EnsureStartedAsync(new StartOrder(record, null), new Nobody(), CancellationToken.None);
            Assert.True(started.TryGet(out _, out var error), $"the late start was to make the container: {error?.Text}");
        }

        if (isMutant)
        {
            var seen = rounds;
            await Wait.UntilAsync(() => Task.FromResult(rounds >= seen + 2), () => "the reconciliation looks twice after the late start");
        }

        return cluster;
    }

    /// <summary>Only what is wanted is looked at.</summary>
    private static async Task<IReadOnlyList<FoundSandbox>> WantedAsync(Task<IReadOnlyList<FoundSandbox>> found, ISandboxStore records)
    {
        List<FoundSandbox> wanted = [];
        foreach (var one in await found)
        {
            if (await records.FindAsync(one.SandboxId, CancellationToken.None) is { State: SandboxState.Running })
            {
                wanted.Add(one);
            }
        }

        return wanted;
    }

    private sealed class Nobody : IPhaseReporter
    {
        public string Describe(string kind, Exception exception) => exception.Message;

        public Task ReportAsync(string phase, PhaseStatus status, string message, CancellationToken cancellationToken) =>
            Task.CompletedTask;
    }
}
