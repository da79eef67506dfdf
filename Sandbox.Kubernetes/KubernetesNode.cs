using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Sandbox.Node;
using Sandbox.Node.Membership;
using Sandbox.Node.NodeApi;
using Sandbox.Storage;

namespace Sandbox.Kubernetes;

/// <summary>The composition of the program: a node of a cluster whose sandboxes are pods.</summary>
internal static class KubernetesNode
{
    public static WebApplication Build(WebApplicationBuilder builder)
    {
        builder.AddServiceDefaults();

        // The stores have checks of their own: without Redis no process is unhealthy.
        builder.AddNpgsqlDataSource(
            StorageServiceCollectionExtensions.DatabaseName, static settings =>
                settings.DisableHealthChecks = true, StorageServiceCollectionExtensions.Prepare);
        builder.AddRedisClient(
            StorageServiceCollectionExtensions.RedisName, static settings => settings.DisableHealthChecks = true, redis =>
                StorageServiceCollectionExtensions.Prepare(redis, builder.Configuration));
        builder.Services.AddClusterStorage(builder.Configuration);
        builder.Services.AddClusterNode().AddStoreElection().AddKubernetes();

        // The replica that holds the name is the head of its pods; the other replicas wait for it.
        builder.Services.PostConfigure<NodeOptions>(static node => node.StandsBy = true);

        var app = builder.Build();
        app.MapNodeApi();
        return app;
    }
}
