using Docker.DotNet.Models;
using Microsoft.Extensions.Options;
using Sandbox.Contracts.Jobs;
using Sandbox.Deployments.Docker;
using Sandbox.Deployments.Images;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Policies;
using Sandbox.Domain.Specs;
using Sandbox.Node;
using Sandbox.Node.Deployments;

namespace Sandbox.Deployments.Archives;

/// <summary>
/// Images of containers under names that callers choose. On the engine each is kept under a name of its tenant's
/// (<see cref="CommitNames"/>), so that no caller's name is another's. The operator's own commits get their plain names as well,
/// unless something else has one. With a registry in its name an image has that name while it is pushed, and none afterwards.
/// </summary>
internal sealed partial class ContainerCommit(
    EngineConnection engine, StagingImage staging, RegistryCheck registries, FailureReporter failures, IOptions<ImagePolicy> policy,
    IOptions<WorkerOptions> worker, ILogger<ContainerCommit> logger)
{
    private static readonly CommitEnding Gone = new(12, "commit", "SANDBOX_CONTAINER_NOT_FOUND", "its container is gone");

    private readonly EngineContainers _containers = new(engine);
    private readonly EngineImages _images = new(engine);
    private readonly EngineArchives _archives = new(engine);

    /// <summary>Makes the image and, where nothing is left to be pushed, names it. An error, or null with what the image does not
    /// have.</summary>
    public async Task<(CommitEnding? Failure, string? Warning)> MakeAsync(
        SandboxInstance record, CommitSandboxJob job, ImageReference name, CancellationToken cancellationToken)
    {
        if (await WhyRefusedAsync(record, name, cancellationToken) is { } reason)
        {
            return (CommitEnding.Failed(reason), null);
        }

        var kept = KeptAs(record, job, name);
        var container = await _containers.FindAsync(ContainerName.Of(job.Incarnation, worker.Value), cancellationToken);
        try
        {
            var (before, raw) = (await _images.FindAsync(kept, cancellationToken), CommitsOf(record).Raw(job.Incarnation));
            if (!(job.IsMade && before is not null)
                && (container is null || !await staging.CommitAsync(container, raw, kept, LargestOf(record), cancellationToken)))
            {
                return (Gone, null);
            }

            if (name.Registry is null && policy.Value.IsOperators(record.Tenant))
            {
                await _archives.TagAsync(kept.Name, name, cancellationToken);
            }

            if (before is not null && before.ID != (await _images.FindAsync(kept, cancellationToken))?.ID)
            {
                // It has lost its names; what still uses it keeps it.
                await _images.RemoveAsync(before.ID, cancellationToken);
            }
        }
        catch (Exception exception) when (exception is ArchiveException or EngineException { Unreachable: false })
        {
            var said = exception is ArchiveException
                ? exception.Message : failures.Describe(record, "the engine refused to make the image", exception);
            return (CommitEnding.Failed(said), null);
        }

        var volumes = container?.Mounts?.Where(mount => mount.Type is "volume").Select(mount => mount.Destination).ToList() ?? [];
        return (null, volumes is [] ? null : $"what is in its volumes is not in the image: {string.Join(", ", volumes)}");
    }

    /// <summary>Pushes what was made. Cancelled, it may be called again.</summary>
    public async Task<CommitEnding> PushAsync(
        SandboxInstance record, CommitSandboxJob job, ImageReference name, string? warning, CancellationToken cancellationToken)
    {
        var kept = KeptAs(record, job, name);
        var credentials = job.Username is { Length: > 0 } user
            ? new AuthConfig { Username = user, Password = job.Password ?? "", ServerAddress = name.Registry } : null;
        CommitEnding ending;
        var before = await _images.FindAsync(name, cancellationToken);
        try
        {
            await _archives.TagAsync(kept.Name, name, cancellationToken);
            await _archives.PushAsync(name, credentials, cancellationToken);
            ending = CommitEnding.Done(warning);
        }
        catch (EngineException exception) when (!exception.Unreachable)
        {
            Log.PushFailed(logger, record.Id, name.Name, exception.Message.ReplaceLineEndings(" "));
            var said = policy.Value.IsOperators(record.Tenant) ? exception.Message : RegistryFailure.KindOf(exception.Message);
            ending = RegistryFailure.IsRefusedLogin(exception.Message)
                ? new CommitEnding(11, "login", "LOGIN_FAILED", said)
                : new CommitEnding(13, "push", "PUSH_FAILED", said);
        }
        finally
        {
            await GiveBackAsync(name, before, kept);
        }

        await _images.RemoveAsync(kept.Name, CancellationToken.None);
        return ending;
    }

    private long LargestOf(SandboxInstance record) => !policy.Value.IsOperators(record.Tenant)
        && SizeText.TryParse(policy.Value.CommitBytesPerTenant, out var most) ? most : long.MaxValue;

    private CommitNames CommitsOf(SandboxInstance record) => new(worker.Value.ClusterId, record.Tenant);

    private ImageReference KeptAs(SandboxInstance record, CommitSandboxJob job, ImageReference name) =>
        name.Registry is null ? CommitsOf(record).Of(name) : CommitsOf(record).Unpushed(job.Incarnation);

    private async Task<string?> WhyRefusedAsync(SandboxInstance record, ImageReference name, CancellationToken cancellationToken)
    {
        var isOperators = policy.Value.IsOperators(record.Tenant);
        if (name.Registry is not null)
        {
            return policy.Value.IsShared(name) && !isOperators ? $"{name} is an image of the operator's"
                : await registries.WhyRefusedAsync(name, record.Tenant, cancellationToken);
        }

        if (!isOperators)
        {
            return await WhyTooManyAsync(CommitsOf(record), name, cancellationToken);
        }

        return name.IsPlatforms
            || (await _images.FindAsync(name, cancellationToken) is { } found
                && found.RepoTags?.Any(CommitsOf(record).IsOwn) is not true)
            ? $"there is another image {name}, which is not replaced" : null;
    }

    /// <summary>An image of the same name is replaced, so it is not counted.</summary>
    private async Task<string?> WhyTooManyAsync(CommitNames commits, ImageReference name, CancellationToken cancellationToken)
    {
        var replaced = commits.Of(name).Name;
        var kept = (await _images.ListAsync(cancellationToken))
            .Where(image => image.RepoTags?.Any(tag => commits.IsOwn(tag) && ImageReference.Parse(tag)?.Name != replaced) is true).ToList();
        var isFull = SizeText.TryParse(policy.Value.CommitBytesPerTenant, out var most) && kept.Sum(image => image.Size) >= most;
        return kept.Count >= policy.Value.CommitsPerTenant || isFull
            ? $"the node keeps {kept.Count} images of this tenant's commits already; a sandbox that is started from one with "
                + "remove_image takes it away when it is deleted"
            : null;
    }

    /// <summary>The name means what it meant before the push, if anything.</summary>
    private async Task GiveBackAsync(ImageReference name, ImageInspectResponse? before, ImageReference kept)
    {
        // Of a push that was cut off by the end of this process, the name is still on what was to be pushed.
        if (before is null || before.RepoTags?.Any(tag => ImageReference.Parse(tag)?.Name == kept.Name) is true)
        {
            await _images.RemoveAsync(name.Name, CancellationToken.None);
        }
        else
        {
            await _archives.TagAsync(before.ID, name, CancellationToken.None);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(4712, LogLevel.Warning, "The push of {Image} for sandbox {SandboxId} failed: {Reason}")]
        public static partial void PushFailed(ILogger logger, Contracts.Ids.SandboxId sandboxId, string image, string reason);
    }
}
