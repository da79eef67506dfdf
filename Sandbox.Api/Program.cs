using Sandbox.Api;
using Sandbox.Api.Auth;
using Sandbox.Storage;

return await WebApplication.CreateSlimBuilder(args).RunOrRefuseAsync(
    static builder =>
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
        builder.Services.AddClusterApi();

        var app = builder.Build();
        app.MapApi();
        return app;
    },
    static _ => static () => null,
    typeof(StorageUnavailableException), typeof(SchemaTooNewException), typeof(ExposureRefusedException));
