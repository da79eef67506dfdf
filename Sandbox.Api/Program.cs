using Sandbox.Api;
using Sandbox.Api.Auth;
using Sandbox.Storage;

return await WebApplication.CreateSlimBuilder(args).RunOrRefuseAsync(
    static builder =>
    {
        builder.AddServiceDefaults();

        // The stores have checks of their own: without Redis nobody is ill.
        builder.AddNpgsqlDataSource(StorageRoom.DatabaseName, static settings => settings.DisableHealthChecks = true, StorageRoom.Prepare);
        builder.AddRedisClient(StorageRoom.RedisName, static settings => settings.DisableHealthChecks = true, redis => StorageRoom.Prepare(redis, builder.Configuration));
        builder.Services.AddClusterStorage(builder.Configuration);
        builder.Services.AddClusterApi();

        var app = builder.Build();
        app.MapApi();
        return app;
    },
    static _ => static () => null,
    typeof(StorageUnavailableException), typeof(SchemaTooNewException), typeof(ExposureRefusedException));
