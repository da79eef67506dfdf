using Health.Service;
using Sandbox.Storage;

return await WebApplication.CreateSlimBuilder(args).RunOrRefuseAsync(
    static builder =>
    {
        builder.AddServiceDefaults();
        builder.UseDefaultPort();
        builder.Services.AddHeadStorage(builder.Configuration.GetConnectionString("sandbox"));
        builder.Services.AddHealth();

        var app = builder.Build();
        app.MapHealth();
        return app;
    },
    static _ => static () => null,
    typeof(StorageUnavailableException), typeof(SchemaTooNewException), typeof(SecondInstanceException));
