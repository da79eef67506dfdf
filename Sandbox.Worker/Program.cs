using Microsoft.Extensions.Configuration.Memory;
using Sandbox.ClusterFile;
using Sandbox.Node.Membership;
using Sandbox.Storage;
using Sandbox.Worker;
using Sandbox.Worker.Enrollment;

return await WebApplication.CreateSlimBuilder(args).RunOrRefuseAsync(
    static async builder =>
    {
        builder.Configuration.Sources.Insert(
            0, new MemoryConfigurationSource
            {
                InitialData = ClusterFileReader.ForProcess(
                builder.Configuration[ClusterFileReader.Variable])
            });
        builder.AddServiceDefaults();
        if (builder.Configuration.OnlyDecides())
        {
            builder.Services.AddDecisionOnly(builder.Configuration);
            var node = builder.Build();
            node.MapDecisionOnly();
            return node;
        }

        var joined = await NodeEnrollment.SettingsAsync(builder.Configuration, TimeProvider.System, CancellationToken.None);
        builder.Configuration.AddInMemoryCollection(joined);

        // The stores have checks of their own: without Redis no process is unhealthy.
        builder.AddNpgsqlDataSource(
            StorageServiceCollectionExtensions.DatabaseName, static settings =>
                settings.DisableHealthChecks = true, StorageServiceCollectionExtensions.Prepare);
        builder.AddRedisClient(
            StorageServiceCollectionExtensions.RedisName, static settings => settings.DisableHealthChecks = true, redis =>
                StorageServiceCollectionExtensions.Prepare(redis, builder.Configuration));
        builder.Services.AddClusterStorage(builder.Configuration);
        builder.Services.AddWorker(builder.Configuration);

        var app = builder.Build();
        app.MapWorker();
        return app;
    },
    static app => app.Services.GetRequiredService<FatalExit>().Why,
    typeof(StorageUnavailableException), typeof(SchemaTooNewException), typeof(EnrollmentException));
