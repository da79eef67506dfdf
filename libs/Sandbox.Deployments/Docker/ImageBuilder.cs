using Docker.DotNet.Models;
using Microsoft.Extensions.Options;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Specs;
using Sandbox.Node;

namespace Sandbox.Deployments.Docker;

/// <summary>Builds an image from a Dockerfile and its folder.</summary>
public static class ImageBuilder
{
    /// <summary>Null when the image is there under its tag; else what was wrong with the request, the build or the engine.</summary>
    /// <param name="dockerHost">Address of the engine; empty: <c>DOCKER_HOST</c> or the platform's default.</param>
    /// <param name="contextFolder">Has the Dockerfile; what its <c>.dockerignore</c> names is not sent.</param>
    /// <param name="progress">Gets the engine's lines as they come.</param>
    public static async Task<SandboxError?> BuildAsync(
        string dockerHost, string contextFolder, string tag, IProgress<string> progress, CancellationToken cancellationToken)
    {
        if (ImageReference.Parse(tag) is not { Digest: null })
        {
            return new SandboxError.BadSpec("tag", $"'{tag}' cannot be the name of a new image");
        }

        var context = new BuildContext(contextFolder);
        if (context.WhyUnusable is { } reason)
        {
            return new SandboxError.BadSpec("context", reason);
        }

        using var engine = new EngineConnection(Options.Create(new WorkerOptions { DockerHost = dockerHost }), TimeProvider.System);
        try
        {
            await using var tar = context.Open(cancellationToken);
            await new EngineImages(engine).BuildAsync(tar, tag, new Lines(progress), cancellationToken);
            return null;
        }
        catch (EngineException exception)
        {
            if (context.Failure is { } unreadable)
            {
                return new SandboxError.BadSpec("context", unreadable);
            }

            return exception.Unreachable
                ? new SandboxError.DockerUnavailable(exception.Message) : new SandboxError.BadSpec("Dockerfile", exception.Message);
        }
    }

    private sealed class Lines(IProgress<string> progress) : IProgress<JSONMessage>
    {
        public void Report(JSONMessage value)
        {
            if ((value.Stream ?? value.Status)?.TrimEnd() is { Length: > 0 } line)
            {
                progress.Report(line);
            }
        }
    }
}
