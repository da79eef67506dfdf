using Sandbox.Storage;
using Sandbox.Worker;
using Sandbox.Worker.Cluster;

return await WebApplication.CreateSlimBuilder(args).RunOrRefuseAsync(
    static builder =>
    {
        builder.AddServiceDefaults();
        builder.Services.AddClusterStorage(
            builder.Configuration.GetConnectionString("sandbox"), builder.Configuration.GetConnectionString("redis"));
        builder.Services.AddClusterWorker();

        var app = builder.Build();
        app.MapClusterWorker();
        return app;
    },
    static app => app.Services.GetRequiredService<ProcessEnd>().Why,
    typeof(StorageUnavailableException), typeof(SchemaTooNewException));
