using Docker.DotNet.Models;
using Sandbox.Domain.Specs;

namespace Sandbox.Deployments.Docker;

/// <summary>Brings one image to the engine and tells the phase <c>image_pull</c> how far it is.</summary>
internal sealed class ImagePull(EngineImages images, TimeProvider time)
{
    private static readonly TimeSpan ReportEvery = TimeSpan.FromMilliseconds(500);

    /// <summary>Throws <see cref="EngineException"/> with the registry's reason.</summary>
    public async Task RunAsync(
        ImageReference image, string? platform, AuthConfig? credentials, StartPhases phases, CancellationToken cancellationToken)
    {
        var progress = new PullProgress();
        await phases.PullingAsync(progress.Line, cancellationToken);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var reporting = ReportAsync(progress, phases, ended.Token);
        try
        {
            await images.PullAsync(image, platform, credentials, progress, cancellationToken);
        }
        finally
        {
            await ended.CancelAsync();
            await reporting;
        }

        await phases.PulledAsync("pulled", cancellationToken);
    }

    /// <summary>
    /// The credentials for one pull. They go to a registry that the image names and to no other, so that a misspelt image
    /// does not carry them to the engine's default registry.
    /// </summary>
    public static AuthConfig? Credentials(ImageReference image, SandboxSpec spec, string? password) =>
        image.Registry is { } registry && spec.RegistryUsername is { Length: > 0 } user
            ? new AuthConfig { Username = user, Password = password ?? "", ServerAddress = registry }
            : null;

    private async Task ReportAsync(PullProgress progress, StartPhases phases, CancellationToken ended)
    {
        using var ticks = new PeriodicTimer(ReportEvery, time);
        var told = progress.Line;
        try
        {
            while (await ticks.WaitForNextTickAsync(ended))
            {
                if (progress.Line is var line && line != told)
                {
                    told = line;
                    await phases.PullingAsync(line, ended);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The pull is over, one way or the other.
        }
    }
}
