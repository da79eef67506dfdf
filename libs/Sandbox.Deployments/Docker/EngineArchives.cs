using System.Net;
using Docker.DotNet.Models;
using Sandbox.Domain.Specs;

namespace Sandbox.Deployments.Docker;

/// <summary>The engine's ways to turn containers into images, and images into bytes and back.</summary>
internal sealed class EngineArchives(EngineConnection engine)
{
    /// <summary>Makes an image of a container under a name; false when the container is gone.</summary>
    /// <param name="pause">Pauses its processes meanwhile, so that the image is of one moment.</param>
    /// <param name="like">The image whose configuration it is to have instead of the container's, as far as an engine can do that:
    /// labels of ours are emptied, not taken away.</param>
    public async Task<bool> CommitAsync(
        string container, ImageReference name, bool pause, ImageInspectResponse? like, CancellationToken cancellationToken)
    {
        var commit =
            new CommitContainerChangesParameters
            {
                ContainerID = container,
                RepositoryName = name.Repository,
                Tag = name.Tag,
                Pause = pause,
            };
        if (like is { Config: { } config })
        {
            (commit.User, commit.WorkingDir) = (config.User ?? "", config.WorkingDir ?? "");
            (commit.Env, commit.Entrypoint, commit.Cmd) = (config.Env ?? [], config.Entrypoint ?? [], config.Cmd ?? []);
            commit.Labels = ContainerLabels.All.ToDictionary(label => label, _ => "");
        }

        try
        {
            await engine.CallAsync(
                "commit", (client, token) =>
                    client.Images.CommitContainerChangesAsync(commit, token), Timeout.InfiniteTimeSpan, cancellationToken);
            return true;
        }
        catch (EngineException refused) when (refused.Status is HttpStatusCode.NotFound)
        {
            return false;
        }
    }

    /// <summary>All layers of an image, as <see cref="LoadAsync"/> takes them.</summary>
    public Task SaveAsync(string image, Stream target, CancellationToken cancellationToken) => engine.CallAsync(
        "image save",
        async (client, token) =>
        {
            await using var source = await client.Images.SaveImageAsync(image, token);
            await source.CopyToAsync(target, token);
        },
        Timeout.InfiniteTimeSpan,
        cancellationToken);

    /// <summary>Takes an image up, compressed or not; layers that are there already are not looked for.</summary>
    public async Task LoadAsync(Stream source, CancellationToken cancellationToken)
    {
        var watched = new FailureWatch();
        await engine.CallAsync(
            "image load", (client, token) =>
                client.Images.LoadImageAsync(new ImageLoadParameters { Quiet = true }, source, watched, token), Timeout.InfiniteTimeSpan,
                cancellationToken);
        watched.ThrowIfFailed();
    }

    /// <summary>Gives an image of the engine's one more name.</summary>
    public Task TagAsync(string image, ImageReference name, CancellationToken cancellationToken)
    {
        var tag = new ImageTagParameters { RepositoryName = name.Repository, Tag = name.Tag };
        return engine.CallAsync(
            "image tag", (client, token) => client.Images.TagImageAsync(image, tag, token), EngineConnection.Answer, cancellationToken);
    }

    /// <summary>Makes an image whose only layer is what a tar stream has.</summary>
    public async Task ImportAsync(Stream files, ImageReference name, CancellationToken cancellationToken)
    {
        var watched = new FailureWatch();
        var import = new ImagesCreateParameters { FromSrc = "-", Repo = name.Repository, Tag = name.Tag };
        await engine.CallAsync(
            "image import", (client, token) =>
                client.Images.CreateImageAsync(import, files, null, watched, token), Timeout.InfiniteTimeSpan, cancellationToken);
        watched.ThrowIfFailed();
    }

    /// <summary>Pushes an image to the registry that its name says; throws with the registry's reason.</summary>
    /// <param name="credentials">Sent along with this one request, and kept nowhere: not by us, not by the engine.</param>
    public Task PushAsync(ImageReference name, AuthConfig? credentials, CancellationToken cancellationToken)
    {
        var push = new ImagePushParameters { Tag = name.Tag };
        return engine.TransferAsync(
            "image push",
            "took nothing",
            (client, watch, token) => client.Images.PushImageAsync(name.Repository, push, credentials ?? new AuthConfig(), watch, token),
            progress: null,
            cancellationToken);
    }

    /// <summary>What a container has written, its two streams in one, to a target.</summary>
    public Task CopyLogAsync(string container, Stream target, CancellationToken cancellationToken) => engine.CallAsync(
        "logs",
        async (client, token) =>
        {
            var all = new ContainerLogsParameters { ShowStdout = true, ShowStderr = true, Timestamps = true };
            using var log = await client.Containers.GetContainerLogsAsync(container, all, token);
            await log.CopyOutputToAsync(Stream.Null, target, target, token);
        },
        Timeout.InfiniteTimeSpan,
        cancellationToken);

    /// <summary>A load or an import answers 200 and reports its failure inside the stream.</summary>
    private sealed class FailureWatch : IProgress<JSONMessage>
    {
        private string? _failure;

        public void Report(JSONMessage value) =>
            _failure = value.Error is { } error ? error.Message ?? "the engine gave no reason" : _failure;

        public void ThrowIfFailed()
        {
            if (_failure is not null)
            {
                throw new EngineException(_failure, HttpStatusCode.InternalServerError, null);
            }
        }
    }
}
