using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Sandbox.Hosting;
using Sandbox.Node;
using Sandbox.Node.Membership;
using Sandbox.Node.NodeApi;

namespace Sandbox.Kubernetes;

/// <summary>The composition of the program: a node of a cluster whose sandboxes are pods.</summary>
internal static class KubernetesNode
{
    public static WebApplication Build(WebApplicationBuilder builder)
    {
        builder.AddClusterStores();
        builder.Services.AddClusterNode().AddStoreElection().AddKubernetes();

        // The replica that holds the name is the head of its pods; the other replicas wait for it.
        builder.Services.PostConfigure<NodeOptions>(static node => node.StandsBy = true);

        var app = builder.Build();
        app.MapNodeApi();
        return app;
    }
}
