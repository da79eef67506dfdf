using Microsoft.Extensions.Options;
using Sandbox.Contracts.Cluster;
using Sandbox.Deployments.Docker;
using Sandbox.Deployments.Tools;
using Sandbox.Node;
using Sandbox.Node.Maintenance;
using Sandbox.Storage;

namespace Sandbox.Deployments.Maintenance;

/// <summary>Asks the engine whether it answers, and starts it where it is configured how.</summary>
internal sealed class DockerHealthTask(
    EngineConnection engine, IHostTools tools, IOptions<WorkerOptions> worker, CurrentOptions<MaintenanceOptions> options)
    : IMaintenanceTask
{
    public string Name => MaintenanceTasks.DockerHealth;

    public bool IsOffered => worker.Value.AsksEngine;

    public async Task<string> RunAsync(MaintenanceOrder order, Action<string> progress, CancellationToken cancellationToken)
    {
        if (await WhyNotAsync(cancellationToken) is not { } problem)
        {
            return "the engine answers";
        }

        var command = options.Value.EngineStartCommand;
        if (command.Count == 0)
        {
            throw new MaintenanceException(problem);
        }

        var program = command[0];
        progress($"{problem}; {program} is run");
        var outcome = await tools.RunAsync(program, [.. command.Skip(1)], input: null, Stream.Null, cancellationToken);
        if (!outcome.Succeeded)
        {
            throw new MaintenanceException($"{problem}; {outcome.Failure}");
        }

        return await WhyNotAsync(cancellationToken) is { } still
            ? throw new MaintenanceException($"{program} was run, and {still}")
            : $"the engine answers again after {program} was run";
    }

    private async Task<string?> WhyNotAsync(CancellationToken cancellationToken)
    {
        try
        {
            await engine.PingAsync(cancellationToken);
            return null;
        }
        catch (EngineException exception)
        {
            return exception.Message;
        }
    }
}
