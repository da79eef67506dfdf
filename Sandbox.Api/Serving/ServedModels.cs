using Sandbox.Domain.Models;
using Sandbox.Domain.Operators;
using Sandbox.Domain.Specs;
using Sandbox.Domain.Stores;
using Sandbox.Serving.Backends;
using Sandbox.Serving.Engines;

namespace Sandbox.Api.Serving;

/// <summary>Models of all tenants: begun, found and ended. What it writes, <see cref="ModelService"/> makes true.</summary>
internal sealed class ServedModels(
    IModelStore models, ModelWriter writer, EngineRegistry engines, EngineSandboxes sandboxes, ModelSizes sizes, IPlacement placement,
    TimeProvider time)
{
    private const string ServedNameKey = "served_model_name";
    private const string ImageNeeded =
        "image is required: only a Local sandbox runs the program that is installed; or use deployment 'local'";

    private const string ImageNotUsed = "image has no effect on a Local sandbox, which runs the program that is installed";

    /// <summary>Writes the record of a model. Its sandboxes come later.</summary>
    public async Task<ModelStartResult> StartAsync(ModelOrder order, CancellationToken cancellationToken)
    {
        if ((order.Engine ?? order.Configuration.Find("engine") ?? engines.Default) is not { } name)
        {
            return ModelStartResult.Failed(ServingError.NoEngineSpecified, "No engine was named, and there is no default.");
        }

        if (!engines.TryGet(name, out var engine))
        {
            return ModelStartResult.Failed(ServingError.InvalidEngine, new UnknownEngineException(name, engines.Names).Message);
        }

        var configuration = order.ServedName is null && engine.Configuration.Schema.Has(ServedNameKey)
            && order.Configuration.Find(ServedNameKey) is null
                ? order.Configuration.With(ServedNameKey, order.Name) : order.Configuration;
        if (engine.Configuration.Validate(configuration) is { IsValid: false, Message: var invalid })
        {
            return ModelStartResult.Failed(ServingError.InvalidConfiguration, invalid);
        }

        var deployment = engine.Deployment.Create(engine.Configuration.Build(configuration)) with { Configuration = configuration };
        if (WhyWronglyNamed(order, deployment.Launch) is { } wrong)
        {
            return ModelStartResult.Failed(ServingError.InvalidConfiguration, wrong);
        }

        var kind = order.Deployment
            ?? (deployment.Launch.Image is null ? DeploymentKind.Local : await placement.ChooseAsync(cancellationToken));
        if ((kind is DeploymentKind.Local) != (deployment.Launch.Image is null))
        {
            return ModelStartResult.Failed(
                ServingError.InvalidConfiguration, kind is DeploymentKind.Local ? ImageNotUsed : ImageNeeded);
        }

        return await AddAsync(await RecordOfAsync(order, deployment, kind, cancellationToken), deployment, cancellationToken);
    }

    public Task<ModelRecord?> FindAsync(string tenant, string name, CancellationToken cancellationToken) =>
        models.FindAsync(tenant, name, cancellationToken);

    public Task<IReadOnlyList<ModelRecord>> ListAsync(CancellationToken cancellationToken) => models.ListAsync(cancellationToken);

    /// <summary>Lets a model end, and waits until nothing is left of it.</summary>
    /// <param name="limit">The longest wait; it goes on afterwards.</param>
    /// <returns>Whether it is gone.</returns>
    public async Task<bool> StopAsync(ModelRecord model, TimeSpan limit, CancellationToken cancellationToken)
    {
        var begun = time.GetTimestamp();
        await writer.ChangeAsync(model, current => current with { IsEnding = true }, cancellationToken);
        while (await models.FindAsync(model.Tenant, model.Name, cancellationToken) is { IsEnding: true })
        {
            if (time.GetElapsedTime(begun) >= limit)
            {
                return false;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(100), time, cancellationToken);
        }

        return true;
    }

    private static string? WhyWronglyNamed(ModelOrder order, EngineLaunch launch) =>
        order.ServedName is null && launch.Model != order.Name
            ? $"its engine serves it as '{launch.Model}': give it that name, or let its configuration name it '{order.Name}'"
            : null;

    private async Task<ModelRecord> RecordOfAsync(
        ModelOrder order, EngineDeployment deployment, DeploymentKind kind, CancellationToken cancellationToken)
    {
        var (cpus, memory) = await sizes.OfAsync(deployment.Resources, order.Cpus, order.Memory, cancellationToken);
        var now = time.GetUtcNow();
        return new ModelRecord
        {
            Tenant = order.Tenant,
            Name = order.Name,
            Version = 1,
            Engine = deployment.Engine,
            Configuration = deployment.Configuration!.Reveal(),
            ServedName = order.ServedName ?? order.Name,
            Deployment = kind,
            Cpus = cpus,
            Memory = memory,
            MostReplicas = order.MostReplicas,
            LeastReplicas = Math.Min(order.LeastReplicas, order.MostReplicas),
            IdleTimeout = order.IdleTimeout,
            Aliases = order.Aliases,
            CompletesPrompts = order.CompletesPrompts,
            CreatedAt = now,
            UsedAt = now,
        };
    }

    private async Task<ModelStartResult> AddAsync(ModelRecord first, EngineDeployment deployment, CancellationToken cancellationToken)
    {
        if (await models.FindAsync(first.Tenant, first.Name, cancellationToken) is null
            && await sandboxes.CheckAsync(first, deployment.Launch.Image, deployment.Resources, cancellationToken) is { } impossible)
        {
            return ModelStartResult.Failed(ServingError.StartFailed, impossible.Text);
        }

        return await writer.TryAddAsync(first, cancellationToken)
            ? new ModelStartResult(first, null)
            : ModelStartResult.Failed(ServingError.AlreadyRunning, $"There is a model {first.Name} already; stop it first.");
    }
}
