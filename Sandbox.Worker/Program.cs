using Microsoft.Extensions.Configuration.Memory;
using Sandbox.Storage;
using Sandbox.Topology;
using Sandbox.Worker;
using Sandbox.Worker.Cluster;
using Sandbox.Worker.Joining;

return await WebApplication.CreateSlimBuilder(args).RunOrRefuseAsync(
    static async builder =>
    {
        builder.Configuration.Sources.Insert(0, new MemoryConfigurationSource { InitialData = ClusterFile.ForProcess(builder.Configuration[ClusterFile.Variable]) });
        builder.AddServiceDefaults();
        if (builder.Configuration.OnlyDecides())
        {
            builder.Services.AddDecisionOnly(builder.Configuration);
            var node = builder.Build();
            node.MapDecisionOnly();
            return node;
        }

        var joined = await ClusterJoin.SettingsAsync(builder.Configuration, TimeProvider.System, CancellationToken.None);
        builder.Configuration.AddInMemoryCollection(joined);

        // The stores have checks of their own: without Redis nobody is ill.
        builder.AddNpgsqlDataSource(StorageRoom.DatabaseName, static settings => settings.DisableHealthChecks = true, StorageRoom.Prepare);
        builder.AddRedisClient(StorageRoom.RedisName, static settings => settings.DisableHealthChecks = true, redis => StorageRoom.Prepare(redis, builder.Configuration));
        builder.Services.AddClusterStorage(builder.Configuration);
        builder.Services.AddClusterWorker(builder.Configuration);

        var app = builder.Build();
        app.MapClusterWorker();
        return app;
    },
    static app => app.Services.GetRequiredService<ProcessEnd>().Why,
    typeof(StorageUnavailableException), typeof(SchemaTooNewException), typeof(JoinException));
