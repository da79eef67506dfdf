using Microsoft.Extensions.Options;
using Sandbox.Deployments;
using Sandbox.Node;
using Sandbox.Node.NodeApi;
using Sandbox.Worker.Head;
using Sandbox.Worker.Status;

namespace Sandbox.Worker;

/// <summary>The program of one node of a cluster.</summary>
public static class WorkerServiceCollectionExtensions
{
    /// <summary>A cluster's node with this machine's deployments. Where the configuration names a whitelist or a health service, they say
    /// who is the head, and the node has a status page; else the lease in the store says it.</summary>
    /// <exception cref="OptionsValidationException">A variable of theirs cannot be.</exception>
    public static IServiceCollection AddWorker(this IServiceCollection services, IConfiguration settings)
    {
        services.AddClusterNode().AddDeployments();
        return HeadSettings.AreGiven(settings)
            ? services.AddStatus(settings).AddHealthElection(HeadSettings.Read(settings)) : services.AddStoreElection();
    }

    public static WebApplication MapWorker(this WebApplication app)
    {
        app.UseRole();
        app.UseStatus();
        return app.MapNodeApi();
    }
}
