using Docker.DotNet.Models;
using Microsoft.Extensions.Options;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Specs;
using Sandbox.Node;

namespace Sandbox.Deployments.Docker;

/// <summary>Copies an image into another registry by way of an engine, which has it for its own architecture only.</summary>
public static class ImageCopy
{
    /// <summary>Null when the registry has it under its new name; else what was wrong with the request, a registry or the engine.</summary>
    /// <param name="dockerHost">Address of the engine; empty: <c>DOCKER_HOST</c> or the platform's default.</param>
    /// <param name="names">Its name, and its new one with the registry.</param>
    /// <param name="login">At the registry of the new name, which alone is shown it; null: it asks for none.</param>
    /// <param name="pullsAlways">Its own registry is asked for it also where the engine has it.</param>
    /// <param name="progress">Gets a line for each step.</param>
    public static async Task<SandboxError?> RunAsync(
        string dockerHost, (string Image, string Target) names, (string Username, string Password)? login, bool pullsAlways,
        IProgress<string> progress, CancellationToken cancellationToken)
    {
        if (ImageReference.WhyRefused(names.Image) is { } reason)
        {
            return new SandboxError.BadSpec("image", $"'{names.Image}' {reason}");
        }

        if (ImageReference.Parse(names.Target) is not { Registry: { } registry, Digest: null } target)
        {
            return new SandboxError.BadSpec("target", $"'{names.Target}' is not the name of an image with its registry");
        }

        using var engine = new EngineConnection(Options.Create(new WorkerOptions { DockerHost = dockerHost }), TimeProvider.System);
        var credentials = login is var (username, password)
            ? new AuthConfig { Username = username, Password = password, ServerAddress = registry } : null;
        try
        {
            await CopyAsync(engine, ImageReference.Parse(names.Image)!, target, credentials, pullsAlways, progress, cancellationToken);
            return null;
        }
        catch (EngineException exception)
        {
            return exception.Unreachable
                ? new SandboxError.DockerUnavailable(exception.Message) : new SandboxError.BadSpec("image", exception.Message);
        }
    }

    private static async Task CopyAsync(
        EngineConnection engine, ImageReference image, ImageReference target, AuthConfig? credentials, bool pullsAlways,
        IProgress<string> progress, CancellationToken cancellationToken)
    {
        var (images, archives) = (new EngineImages(engine), new EngineArchives(engine));
        if (pullsAlways || await images.FindAsync(image, cancellationToken) is null)
        {
            progress.Report($"pulling {image.Name}");
            await images.PullAsync(image, platform: null, credentials: null, new Progress<JSONMessage>(), cancellationToken);
        }

        var wasThere = await images.FindAsync(target, cancellationToken) is not null;
        await archives.TagAsync(image.Name, target, cancellationToken);
        try
        {
            progress.Report($"pushing {target.Name}");
            await archives.PushAsync(target, credentials, cancellationToken);
        }
        finally
        {
            if (!wasThere)
            {
                // Its other name stays, and with it the image.
                await images.RemoveAsync(target.Name, CancellationToken.None);
            }
        }
    }
}
