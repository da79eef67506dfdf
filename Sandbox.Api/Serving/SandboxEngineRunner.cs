using System.Runtime.CompilerServices;
using Sandbox.Domain.Models;
using Sandbox.Domain.Stores;
using Sandbox.Serving.Backends;
using Sandbox.Serving.Engines;

namespace Sandbox.Api.Serving;

/// <summary>Runs the engines of a <see cref="ServeBackend"/> as models of this server's default tenant, one for each
/// application.</summary>
internal sealed class SandboxEngineRunner(ServedModels models, EngineLogs logs) : IEngineRunner
{
    private static readonly TimeSpan StopLimit = TimeSpan.FromMinutes(2);

    public async Task StartAsync(string application, EngineDeployment deployment, CancellationToken cancellationToken)
    {
        var order = new ModelOrder
        {
            Tenant = Tenant.Default,
            Name = application,
            Engine = deployment.Engine,
            Configuration = deployment.Configuration
                ?? throw new EngineRunnerException("What the launch was built of is not known, and it must be built for each replica."),
            ServedName = deployment.Launch.Model,
            MostReplicas = deployment.Replicas,
            LeastReplicas = deployment.Replicas,
        };
        if (await models.StartAsync(order, cancellationToken) is { IsAccepted: false, Failure: var failure })
        {
            throw new EngineRunnerException(failure.Message);
        }
    }

    public async Task<EngineStatus> GetStatusAsync(string application, CancellationToken cancellationToken)
    {
        if (await models.FindAsync(Tenant.Default, application, cancellationToken) is not { } model)
        {
            return new(ServeState.NotDeployed, null, []);
        }

        var ready = model.Replicas.Find(replica => replica.State is ReplicaState.Running);
        return new(
            ModelStates.Of(model),
            ready is null ? null : ReplicaConnector.AddressOf(ready.Sandbox, ready.Port),
            [.. model.Replicas.Select(replica => new EngineReplica(replica.Name, ModelStates.Of(replica), replica.Message))]);
    }

    public async IAsyncEnumerable<string> ReadLogsAsync(
        string application, int tail, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (await models.FindAsync(Tenant.Default, application, cancellationToken) is not { } model)
        {
            yield break;
        }

        await foreach (var line in logs.ReadAsync(model, tail, follow: true, cancellationToken))
        {
            yield return line;
        }
    }

    public async Task StopAsync(string application, CancellationToken cancellationToken)
    {
        if (await models.FindAsync(Tenant.Default, application, cancellationToken) is { } model
            && !await models.StopAsync(model, StopLimit, cancellationToken))
        {
            throw new EngineRunnerException($"Engines of {application} may still run; they are being ended.");
        }
    }
}
