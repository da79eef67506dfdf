using Docker.DotNet.Models;
using Microsoft.Extensions.Options;
using Sandbox.Deployments.Images;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Policies;
using Sandbox.Domain.Specs;
using Sandbox.Node;
using Sandbox.Node.Deployments;

namespace Sandbox.Deployments.Docker;

/// <summary>
/// The images that sandboxes are started from. An engine has them for everybody; here each has those that all may use, those that
/// its tenant committed, and those whose registry let its tenant pull them. What a tenant may not use is not present for it.
/// </summary>
internal sealed partial class SandboxImages(
    EngineConnection engine, ImageLedger ledger, RegistryCheck registries, IOptions<ImagePolicy> policy, IOptions<WorkerOptions> worker,
    TimeProvider time, ILogger<SandboxImages> logger)
{
    private readonly EngineImages _images = new(engine);

    /// <summary>The id of the image that a sandbox is started from; pulled where it is not present for its tenant.</summary>
    /// <param name="pulling">Called before a pull.</param>
    public async Task<Result<string>> EnsureAsync(
        StartOrder order, string? platform, StartPhases phases, Func<Task> pulling, CancellationToken cancellationToken)
    {
        if (order.ImageId is { } brought)
        {
            return brought;
        }

        var (tenant, spec) = (order.Sandbox.Tenant, order.Sandbox.Spec);
        if (ImageReference.WhyRefused(spec.Image) is { } reason)
        {
            return await phases.ImageFailedAsync($"'{spec.Image}' {reason}", cancellationToken);
        }

        var image = ImageReference.Parse(spec.Image)!;
        var credentials = ImagePull.Credentials(image, spec, order.RegistryPassword);
        var shown = ledger.Fingerprint(credentials?.Username, credentials?.Password);
        if (spec.Pull is not PullPolicy.Always && await FindAsync(image, tenant, shown, cancellationToken) is { } present)
        {
            ledger.Use(present);
            return present;
        }

        if (spec.Pull is PullPolicy.Never)
        {
            return await phases.ImageFailedAsync($"image {spec.Image} is not present on this node and pull is 'never'", cancellationToken);
        }

        var before = await _images.FindAsync(image, cancellationToken);
        if (await WhyNotPulledAsync(image, before, tenant, cancellationToken) is { } refusal)
        {
            return await phases.ImageFailedAsync(refusal, cancellationToken);
        }

        await order.BeforePull(cancellationToken);
        await pulling();
        var pulled = await PullAsync(order, image, platform, credentials, phases, cancellationToken);
        if (pulled.TryGet(out var id, out _))
        {
            ledger.Grant(id, tenant, shown, wasAbsent: id != before?.ID);
        }

        return pulled;
    }

    /// <summary>Removes the image of a container that is gone, where only its tenant brought and uses it.</summary>
    /// <param name="said">What the sandbox's caller called it; its id where it was restored from an archive.</param>
    /// <param name="id">Of the image that the container had.</param>
    public async Task<bool> TryRemoveAsync(string said, string id, string tenant, CancellationToken cancellationToken)
    {
        if (said == id)
        {
            return await _images.RemoveAsync(id, cancellationToken);
        }

        if (ImageReference.Parse(said) is not { } image || await _images.FindAsync(id, cancellationToken) is not { } found
            || !MayRemove(image, found, tenant))
        {
            return false;
        }

        foreach (var name in await NamesOfAsync(image, id, tenant, cancellationToken))
        {
            if (!await _images.RemoveAsync(name, cancellationToken))
            {
                return false;
            }
        }

        ledger.Forget([id]);
        return true;
    }

    private CommitNames CommitsOf(string tenant) => new(worker.Value.ClusterId, tenant);

    /// <summary>The id of what the tenant may use under this name; null: nothing.</summary>
    private async Task<string?> FindAsync(ImageReference image, string tenant, string shown, CancellationToken cancellationToken)
    {
        var isOperators = policy.Value.IsOperators(tenant);
        if (!isOperators && image is { Registry: null, Digest: null }
            && await _images.FindAsync(CommitsOf(tenant).Of(image), cancellationToken) is { ID: { } committed })
        {
            return committed;
        }

        return await _images.FindAsync(image, cancellationToken) is { ID: { } id } found
            && (policy.Value.IsShared(image)
                || (!IsForeignCommit(found, tenant) && (isOperators || ledger.IsGranted(id, tenant, shown))))
            ? id : null;
    }

    /// <summary>A pull gives its name to what it brings. One that would take the name from an image of the operator's that no registry
    /// gave, is refused: what the name's owner at a registry made would be started by everybody who means the operator's.</summary>
    private async Task<string?> WhyNotPulledAsync(
        ImageReference image, ImageInspectResponse? present, string tenant, CancellationToken cancellationToken)
    {
        if (policy.Value.IsOperators(tenant))
        {
            return null;
        }

        var isOperators = policy.Value.IsShared(image) || image.IsPlatforms
            || (present is not null && !IsForeignCommit(present, tenant)
                && present.RepoDigests?.Any(digest => ImageReference.Parse(digest)?.Repository == image.Repository) is not true);
        return isOperators ? $"image {image.Name} is not one that can be pulled here"
            : await registries.WhyRefusedAsync(image, tenant, cancellationToken);
    }

    /// <summary>A commit has the name of its registry while it is pushed.</summary>
    private bool IsForeignCommit(ImageInspectResponse image, string tenant) =>
        image.RepoTags?.Any(CommitsOf(tenant).IsForeign) is true;

    private bool MayRemove(ImageReference image, ImageInspectResponse found, string tenant)
    {
        if (image.IsPlatforms || policy.Value.IsShared(image) || IsForeignCommit(found, tenant)
            || ledger.IsGrantedToAnother(found.ID, tenant))
        {
            return false;
        }

        return policy.Value.IsOperators(tenant) || ledger.IsOnlyOf(found.ID, tenant)
            || found.RepoTags?.Any(CommitsOf(tenant).IsOwn) is true;
    }

    /// <summary>Its names that are this tenant's to remove; its id, where it has lost them.</summary>
    private async Task<IReadOnlyList<string>> NamesOfAsync(
        ImageReference image, string id, string tenant, CancellationToken cancellationToken)
    {
        var names = new List<string>();
        ImageReference[] all = image.Digest is null ? [image, CommitsOf(tenant).Of(image)] : [image];
        foreach (var name in all)
        {
            if ((await _images.FindAsync(name, cancellationToken))?.ID == id)
            {
                names.Add(name.Name);
            }
        }

        return names is [] ? [id] : names;
    }

    /// <returns>The id of what the name means then.</returns>
    private async Task<Result<string>> PullAsync(
        StartOrder order, ImageReference image, string? platform, AuthConfig? credentials, StartPhases phases,
        CancellationToken cancellationToken)
    {
        var (sandbox, said) = (order.Sandbox, order.Sandbox.Spec.Image);
        try
        {
            await new ImagePull(_images, time).RunAsync(image, platform, credentials, phases, cancellationToken);
        }
        catch (EngineException refused) when (!refused.Unreachable)
        {
            Log.PullFailed(logger, sandbox.Id, image.Name, refused.Message.ReplaceLineEndings(" "));
            return await phases.ImageFailedAsync(
                policy.Value.IsOperators(sandbox.Tenant)
                    ? refused.Message : $"image {said} cannot be pulled: {RegistryFailure.KindOf(refused.Message)}",
                cancellationToken);
        }

        return await _images.FindAsync(image, cancellationToken) is { ID: { } id }
            ? id : await phases.ImageFailedAsync($"image {said} was removed again while it was pulled", cancellationToken);
    }

    private static partial class Log
    {
        [LoggerMessage(3042, LogLevel.Warning, "The pull of {Image} for sandbox {SandboxId} failed: {Reason}")]
        public static partial void PullFailed(ILogger logger, Contracts.Ids.SandboxId sandboxId, string image, string reason);
    }
}
