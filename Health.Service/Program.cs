using Health.Service;
using Microsoft.Extensions.Configuration.Memory;
using Sandbox.Storage;
using Sandbox.Topology;

return await WebApplication.CreateSlimBuilder(args).RunOrRefuseAsync(
    static builder =>
    {
        builder.Configuration.Sources.Insert(0, new MemoryConfigurationSource { InitialData = ClusterFile.ForProcess(builder.Configuration[ClusterFile.Variable]) });
        builder.AddServiceDefaults();
        builder.UseDefaultPort();
        if (builder.Configuration.GetConnectionString(StorageRoom.DatabaseName) is { Length: > 0 })
        {
            builder.AddNpgsqlDataSource(StorageRoom.DatabaseName, configureDataSourceBuilder: StorageRoom.Prepare);
        }

        builder.Services.AddHeadStorage(builder.Configuration);
        builder.Services.AddHealth();

        var app = builder.Build();
        app.MapHealth();
        return app;
    },
    static _ => static () => null,
    typeof(StorageUnavailableException), typeof(SchemaTooNewException), typeof(SecondInstanceException));
