using Sandbox.Api;
using Sandbox.Api.Auth;
using Sandbox.Storage;

return await WebApplication.CreateSlimBuilder(args).RunOrRefuseAsync(
    static builder =>
    {
        builder.AddServiceDefaults();
        builder.Services.AddClusterStorage(
            builder.Configuration.GetConnectionString("sandbox"), builder.Configuration.GetConnectionString("redis"));
        builder.Services.AddClusterApi();

        var app = builder.Build();
        app.MapApi();
        return app;
    },
    static _ => static () => null,
    typeof(StorageUnavailableException), typeof(SchemaTooNewException), typeof(ExposureRefusedException));
