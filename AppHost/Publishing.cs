using Aspire.Hosting.Pipelines;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Sandbox.ClusterFile;
using Sandbox.ClusterFile.Compose;

namespace AppHost;

/// <summary><c>aspire publish</c> writes compose text by the one writer that there is of it, that of <c>sandbox cluster</c>. The manifest
/// (<c>--publisher manifest</c>) stays Aspire's own.</summary>
internal static partial class PublishingExtensions
{
    public static void AddComposePublishing(this IDistributedApplicationBuilder builder, FloorSettings floor) => builder.Pipeline.AddStep(
        "publish-compose", context => PublishAsync(context, floor.ClusterFile), requiredBy: WellKnownPipelineSteps.Publish);

    private static async Task PublishAsync(PipelineStepContext context, string? clusterFile)
    {
        var folder = context.Services.GetRequiredService<IPipelineOutputService>().GetOutputDirectory();
        try
        {
            var compose = await PublishedCluster.WriteAsync(clusterFile, folder, TimeProvider.System, context.CancellationToken);
            Log.Written(context.Logger, compose, ClusterFileReader.Name, ClusterFileReader.EnvName);
        }
        catch (ClusterFileException refusal)
        {
            throw new DistributedApplicationException(refusal.Message, refusal);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(9131, LogLevel.Information, "{Compose} written, with {ClusterFile} and {Env} beside it (sandbox cluster up --file)")]
        public static partial void Written(ILogger logger, string compose, string clusterFile, string env);
    }
}
