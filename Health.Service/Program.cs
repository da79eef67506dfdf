using Health.Service;
using Microsoft.Extensions.Configuration.Memory;
using Sandbox.ClusterFile;
using Sandbox.Storage;

return await WebApplication.CreateSlimBuilder(args).RunOrRefuseAsync(
    static builder =>
    {
        builder.Configuration.Sources.Insert(
            0, new MemoryConfigurationSource
            {
                InitialData = ClusterFileReader.ForProcess(
                builder.Configuration[ClusterFileReader.Variable])
            });
        builder.AddServiceDefaults();
        builder.UseDefaultPort();
        if (builder.Configuration.GetConnectionString(StorageServiceCollectionExtensions.DatabaseName) is { Length: > 0 })
        {
            builder.AddNpgsqlDataSource(
                StorageServiceCollectionExtensions.DatabaseName, configureDataSourceBuilder: StorageServiceCollectionExtensions.Prepare);
        }

        builder.Services.AddHeadStorage(builder.Configuration);
        builder.Services.AddHealth();

        var app = builder.Build();
        app.MapHealth();
        return app;
    },
    static _ => static () => null,
    typeof(StorageUnavailableException), typeof(SchemaTooNewException), typeof(SecondInstanceException));
