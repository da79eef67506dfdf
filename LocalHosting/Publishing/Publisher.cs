using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Docker;
using Aspire.Hosting.Running;
using Microsoft.Extensions.Hosting;

namespace Aspire.Hosting.Publishing;

/// <summary>
/// Writes the floor plan down and ends: <c>--publisher manifest</c> (or <c>--step publish-manifest</c>) the manifest,
/// <c>--step publish</c> the compose file. Charts and bicep take Aspire's packages.
/// </summary>
internal sealed class Publisher(
    IDistributedApplicationBuilder builder, DistributedApplicationModel model, DistributedApplicationExecutionContext context, IHostApplicationLifetime lifetime, ResourceConsole console)
    : IHostedService
{
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var output = builder.Configuration["Publishing:OutputPath"];
        if (builder.Configuration["Publishing:Publisher"] is "manifest" || builder.Configuration["Publishing:Step"] is "publish-manifest")
        {
            var file = Path.GetFullPath(output ?? "aspire-manifest.json");
            await new ManifestWriter(model, context, Path.GetDirectoryName(file)!).WriteAsync(file, cancellationToken);
            console.Say($"Published manifest to: {file}");
        }
        else if (builder.Configuration["Publishing:Step"] is null or "publish")
        {
            await ComposeAsync(Path.GetFullPath(output ?? Path.Combine(builder.AppHostDirectory, "aspire-output")), cancellationToken);
        }
        else
        {
            throw new DistributedApplicationException(
                $"--step {builder.Configuration["Publishing:Step"]} takes Aspire's packages; without them there are publish and publish-manifest.");
        }

        lifetime.StopApplication();
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private async Task ComposeAsync(string folder, CancellationToken cancellationToken)
    {
        var environment = model.Resources.OfType<IComputeEnvironmentResource>().FirstOrDefault();
        if (environment is not DockerComposeEnvironmentResource)
        {
            throw new DistributedApplicationException(environment is null
                ? "there is nothing to publish to: choose an environment (docs/apphost.md), for example --target compose"
                : $"publishing to '{environment.Name}' takes Aspire's packages (./sandbox up says whether the feed has them); without them there are the manifest and compose.");
        }

        Directory.CreateDirectory(folder);
        await new ComposeWriter(model, context, folder).WriteAsync(cancellationToken);
        console.Say($"Published compose file to: {Path.Combine(folder, ComposeWriter.FileName)}");
    }
}
