using System.Net;
using Docker.DotNet.Models;
using Sandbox.Domain.Specs;

namespace Sandbox.Deployments.Docker;

/// <summary>The engine's images.</summary>
internal sealed class EngineImages(EngineConnection engine)
{
    /// <summary>All that are present, with names or without.</summary>
    public Task<IList<ImagesListResponse>> ListAsync(CancellationToken cancellationToken) => engine.CallAsync(
        "image list", (client, token) =>
            client.Images.ListImagesAsync(new ImagesListParameters(), token), EngineConnection.Answer, cancellationToken);

    /// <summary>The names of all that are present, newest first, without those of commits and archives.</summary>
    public async Task<IReadOnlyList<string>> NamesAsync(CancellationToken cancellationToken) =>
        [.. (await ListAsync(cancellationToken)).OrderByDescending(image => image.Created).SelectMany(image => image.RepoTags ?? [])
            .Where(name => ImageReference.Parse(name) is { IsReserved: false })];

    /// <summary>Null when it is not present.</summary>
    public Task<ImageInspectResponse?> FindAsync(ImageReference image, CancellationToken cancellationToken) =>
        FindAsync(image.Name, cancellationToken);

    /// <summary>Null when it is not present.</summary>
    /// <param name="image">Its id, or its name in full.</param>
    public async Task<ImageInspectResponse?> FindAsync(string image, CancellationToken cancellationToken)
    {
        try
        {
            return await engine.CallAsync(
                "image inspect", (client, token) =>
                    client.Images.InspectImageAsync(image, token), EngineConnection.Answer, cancellationToken);
        }
        catch (EngineException refused) when (refused.Status is HttpStatusCode.NotFound)
        {
            return null;
        }
    }

    /// <summary>Pulls it; throws with the registry's reason when that fails.</summary>
    /// <param name="credentials">Sent along with this one request, and kept nowhere: not by us, not by the engine.</param>
    public Task PullAsync(
        ImageReference image, string? platform, AuthConfig? credentials, IProgress<JSONMessage> progress,
        CancellationToken cancellationToken)
    {
        var pull = new ImagesCreateParameters
        {
            FromImage = image.Digest is null ? image.Repository : $"{image.Repository}@{image.Digest}",
            Tag = image.Tag,
            Platform = platform,
        };
        return engine.TransferAsync(
            "image pull", "sent nothing", (client, watch, token) => client.Images.CreateImageAsync(pull, credentials, watch, token),
            progress, cancellationToken);
    }

    /// <summary>Builds an image out of a tar stream with a Dockerfile; throws with the failed step's output.</summary>
    public async Task BuildAsync(Stream context, string tag, IProgress<JSONMessage> progress, CancellationToken cancellationToken)
    {
        var watched = new FailureWatch(progress);
        var build = new ImageBuildParameters { Tags = [tag], Remove = true, ForceRemove = true };
        await engine.CallAsync(
            "image build", (client, token) =>
                client.Images.BuildImageFromDockerfileAsync(build, context, null, null, watched, token), Timeout.InfiniteTimeSpan,
                cancellationToken);
        watched.ThrowIfFailed();
    }

    /// <summary>Removes it; one that is gone is removed, one that another container uses stays (false).</summary>
    /// <param name="image">Its id, or its name in full.</param>
    public async Task<bool> RemoveAsync(string image, CancellationToken cancellationToken)
    {
        try
        {
            await engine.CallAsync(
                "image remove", (client, token) =>
                    client.Images.DeleteImageAsync(image, new ImageDeleteParameters(), token), EngineConnection.Answer, cancellationToken);
            return true;
        }
        catch (EngineException refused) when (refused.Status is HttpStatusCode.NotFound)
        {
            return true;
        }
        catch (EngineException refused) when (refused.Status is HttpStatusCode.Conflict)
        {
            return false;
        }
    }

    /// <summary>Removes those without a name that nothing uses.</summary>
    public async Task<(int Count, ulong Bytes)> PruneAsync(CancellationToken cancellationToken)
    {
        var dangling = new ImagesPruneParameters
        {
            Filters = new Dictionary<string, IDictionary<string, bool>>
            {
                ["dangling"] = new Dictionary<string, bool> { ["true"] = true },
            },
        };
        var pruned = await engine.CallAsync(
            "image prune", (client, token) => client.Images.PruneImagesAsync(dangling, token), Timeout.InfiniteTimeSpan, cancellationToken);
        return (pruned.ImagesDeleted?.Count(image => image.Deleted is not null) ?? 0, pruned.SpaceReclaimed);
    }

    /// <summary>A build answers 200 and reports its failure inside the stream.</summary>
    private sealed class FailureWatch(IProgress<JSONMessage> inner) : IProgress<JSONMessage>
    {
        private string? _failure;

        public void Report(JSONMessage value)
        {
            if (value.Error is { } error)
            {
                _failure = error.Message ?? "the engine gave no reason";
            }

            inner.Report(value);
        }

        public void ThrowIfFailed()
        {
            if (_failure is not null)
            {
                throw new EngineException(_failure, HttpStatusCode.InternalServerError, null);
            }
        }
    }
}
