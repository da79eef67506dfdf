using Microsoft.AspNetCore.Builder;
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

        // The stores have checks of their own: without Redis nobody is ill.
        builder.AddNpgsqlDataSource(StorageRoom.DatabaseName, static settings => settings.DisableHealthChecks = true, StorageRoom.Prepare);
        builder.AddRedisClient(StorageRoom.RedisName, static settings => settings.DisableHealthChecks = true, redis => StorageRoom.Prepare(redis, builder.Configuration));
        builder.Services.AddClusterStorage(builder.Configuration);
        builder.Services.AddClusterWorkerCore().AddKubernetes();

        // Whoever holds the name is the head of its pods; the other replicas wait for it.
        builder.Services.PostConfigure<NodeOptions>(static node => node.StandsBy = true);

        var app = builder.Build();
        app.MapClusterWorker();
        return app;
    },
    static _ => static () => null,
    typeof(StorageUnavailableException), typeof(SchemaTooNewException));
