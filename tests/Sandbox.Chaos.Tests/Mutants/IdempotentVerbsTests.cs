using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Sandbox.Deployments.Docker;
using Sandbox.Domain.Errors;
using Sandbox.Node;
using Sandbox.Node.Deployments;
using Sandbox.Testing;

namespace Sandbox.Chaos.Tests.Mutants;

/// <summary>A start is interrupted after the container was started and before the record says so, and is done again.</summary>
public sealed class IdempotentVerbsTests
{
    [NeedsDockerFact]
    public async Task IdempotentVerbs_Kept_TheContainerIsFoundAgain()
    {
        await using var cluster = await StartTwiceAsync(isMutant: false);
        await cluster.MustComeToOrderAsync();
    }

    [NeedsDockerFact]
    public async Task IdempotentVerbs_Off_IsCaught()
    {
        await using var cluster = await StartTwiceAsync(isMutant: true);

        var verdict = await cluster.JudgeAsync();

        Assert.Contains("ContainersMatch", verdict.Broken);
        Assert.Contains(verdict.Violations, violation => violation.Contains("has 2 containers", StringComparison.Ordinal));
    }

    private static async Task<SmallCluster> StartTwiceAsync(bool isMutant)
    {
        var attempts = 0;
        var cluster = await SmallCluster.StartAsync(worker: services => services.Decorate<IDeployment>(
            (provider, _) => (method, arguments, pass) => method == nameof(IDeployment.EnsureStartedAsync)
                ? AttemptAsync(Name(provider, (StartOrder)arguments[0]!), () => (Task<Result<StartedSandbox>>)pass()!, isMutant, ++attempts)
                : pass(),
            nameof(DockerDeployment)));
        await cluster.RunBoxAsync();
        Assert.Equal(2, attempts);
        return cluster;
    }

    private static string Name(IServiceProvider worker, StartOrder order) =>
        ContainerName.Of(order.Sandbox.Incarnation, worker.GetRequiredService<IOptions<WorkerOptions>>().Value);

    private static async Task<Result<StartedSandbox>> AttemptAsync(
        string name, Func<Task<Result<StartedSandbox>>> start, bool isMutant, int attempt)
    {
        if (isMutant && attempt > 1)
        {
            // Does not know its own container again, and makes another.
            await DockerEngine.PostAsync($"containers/{name}/rename?name=again-{Guid.NewGuid():N}", null, CancellationToken.None);
        }

        var started = await start();
        return attempt > 1 ? started : throw new OperationCanceledException("the process ended here");
    }
}
