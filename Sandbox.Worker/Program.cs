using Microsoft.Extensions.Configuration.Memory;
using Sandbox.Storage;
using Sandbox.Topology;
using Sandbox.Worker;
using Sandbox.Worker.Cluster;

return await WebApplication.CreateSlimBuilder(args).RunOrRefuseAsync(
    static builder =>
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

        builder.Services.AddClusterStorage(
            builder.Configuration.GetConnectionString("sandbox"), builder.Configuration.GetConnectionString("redis"));
        builder.Services.AddClusterWorker(builder.Configuration);

        var app = builder.Build();
        app.MapClusterWorker();
        return app;
    },
    static app => app.Services.GetRequiredService<ProcessEnd>().Why,
    typeof(StorageUnavailableException), typeof(SchemaTooNewException));
