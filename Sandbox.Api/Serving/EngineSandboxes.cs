using Sandbox.Contracts.Ids;
using Sandbox.Contracts.Rock;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Models;
using Sandbox.Domain.Operators;
using Sandbox.Domain.Policies;
using Sandbox.Domain.Specs;
using Sandbox.Domain.Stores;
using Sandbox.Serving.Resources;

namespace Sandbox.Api.Serving;

/// <summary>The sandboxes that engines run in: submitted, looked at and ended like any other. Each verb may be asked again.</summary>
internal sealed class EngineSandboxes(
    DeploymentManager deployments, ISandboxOperator sandboxes, ISandboxStore records, IPlacement placement, TimeProvider time)
{
    private const string IdPrefix = "engine-";

    /// <summary>By which all of them are found. Callers may give a sandbox the same namespace, but not by chance an id of this form
    /// beside it.</summary>
    private const string Namespace = "sandbox-engines";

    /// <summary>An engine whose clusters of API and nodes are all gone ends by itself after this time.</summary>
    private const int IdleMinutes = 24 * 60;

    private const int PageSize = 500;

    public static SandboxId NewId() => SandboxId.Parse(IdPrefix + SandboxId.New());

    public Task<SandboxInstance?> FindAsync(SandboxId id, CancellationToken cancellationToken) => records.FindAsync(id, cancellationToken);

    /// <summary>Why such a replica can be placed nowhere now; null: it can.</summary>
    public async Task<SandboxError?> CheckAsync(
        ModelRecord model, string? image, ResourcePlan resources, CancellationToken cancellationToken) =>
        Prepare(model, NewId(), image, resources).TryGet(out var prepared, out var error)
            ? await placement.CheckAsync(prepared.Spec, cancellationToken)
            : error;

    /// <returns>Why it was not submitted; null when it was, now or before.</returns>
    public async Task<string?> SubmitAsync(
        ModelRecord model, SandboxId id, string? image, ResourcePlan resources, CancellationToken cancellationToken)
    {
        if (!Prepare(model, id, image, resources).TryGet(out var prepared, out var error))
        {
            return error.Text;
        }

        var submitted = await sandboxes.SubmitAsync(prepared, registryPassword: null, cancellationToken);
        return submitted.TryGet(out _, out var refusal) || refusal is SandboxError.IdInUse ? null : refusal.Text;
    }

    /// <summary>Stops and deletes a sandbox.</summary>
    /// <returns>Whether nothing is left of it.</returns>
    public async Task<bool> EndAsync(SandboxId id, CancellationToken cancellationToken)
    {
        switch (await records.FindAsync(id, cancellationToken))
        {
            case null or { State: SandboxState.Deleted }:
                return true;
            case { State: SandboxState.Pending or SandboxState.Running }:
                await sandboxes.StopAsync(id, StopReason.Asked, cancellationToken);
                break;
            default:
                await sandboxes.DeleteAsync(id, cancellationToken);
                break;
        }

        return await records.FindAsync(id, cancellationToken) is null or { State: SandboxState.Deleted };
    }

    /// <summary>All sandboxes of engines that there are.</summary>
    public async Task<IReadOnlyList<SandboxId>> ListAsync(CancellationToken cancellationToken)
    {
        var found = new List<SandboxId>();
        for (var page = 1; ; page++)
        {
            var query = new SandboxQuery([], new Dictionary<string, string> { ["namespace"] = Namespace }, page, PageSize)
            {
                IsBrief = true,
            };
            var items = (await records.ListAsync(query, cancellationToken)).Items;
            found.AddRange(items.Select(item => item.Id)
                .Where(id => id.ToString().StartsWith(IdPrefix, StringComparison.Ordinal)));
            if (items.Count < PageSize)
            {
                return found;
            }
        }
    }

    private Result<SandboxInstance> Prepare(ModelRecord model, SandboxId id, string? image, ResourcePlan resources)
    {
        var request = new StartRequest
        {
            // A Local sandbox records an image and uses none.
            Image = image ?? "local",
            SandboxId = id.ToString(),
            Cpus = model.Cpus,
            Memory = model.Memory,
            Disk = null,
            NumGpus = resources.Gpus > 0 ? resources.Gpus : null,
            AutoClearTimeMinutes = IdleMinutes,
            AutoDeleteSeconds = 0,
            Metadata = new Dictionary<string, string> { ["model"] = model.Name, ["engine"] = model.Engine },
        };
        var owner = new SandboxOwner("serving", model.Name, Namespace);
        return deployments.Prepare(request, owner, model.Deployment, time.GetUtcNow()).TryGet(out var prepared, out var error)
            ? prepared with { Tenant = model.Tenant, Spec = prepared.Spec with { SharesModels = true } }
            : error;
    }
}
