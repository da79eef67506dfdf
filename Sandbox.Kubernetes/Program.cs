using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Sandbox.Kubernetes;
using Sandbox.Storage;
using Sandbox.Worker;
using Sandbox.Worker.Cluster;

return await WebApplication.CreateSlimBuilder(args).RunOrRefuseAsync(
    static builder =>
    {
        builder.AddServiceDefaults();
        builder.Services.AddClusterStorage(
            builder.Configuration.GetConnectionString("sandbox"), builder.Configuration.GetConnectionString("redis"));
        builder.Services.AddClusterWorkerCore().AddKubernetes();

        // Whoever holds the name is the head of its pods; the other replicas wait for it.
        builder.Services.PostConfigure<NodeOptions>(static node => node.StandsBy = true);

        var app = builder.Build();
        app.MapClusterWorker();
        return app;
    },
    static _ => static () => null,
    typeof(StorageUnavailableException), typeof(SchemaTooNewException));
