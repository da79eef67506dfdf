using Microsoft.Extensions.DependencyInjection;
using Sandbox.Hosting;
using Sandbox.Kubernetes;
using Sandbox.Node;
using Sandbox.Node.Membership;
using Sandbox.Node.NodeApi;

var program = new ClusterProgram(args) { WhyEnded = static app => app.Services.GetRequiredService<FatalExit>().Why };
return await program.RunAsync(static builder =>
{
    builder.AddClusterStores();
    builder.Services.AddClusterNode().AddStoreElection().AddKubernetes();

    // The replica that holds the name is the head of its pods; the other replicas wait for it.
    builder.Services.PostConfigure<NodeOptions>(static node => node.StandsBy = true);

    var app = builder.Build();
    app.MapNodeApi();
    return app;
});
