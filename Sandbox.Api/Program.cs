using Sandbox.Api;
using Sandbox.Api.Auth;
using Sandbox.Hosting;

return await new ClusterProgram(args) { Refusals = [typeof(ExposureRefusedException)] }.RunAsync(static builder =>
{
    // Where the configuration has a certificate (Kestrel:Certificates, docs/tls.md).
    builder.WebHost.UseKestrelHttpsConfiguration();
    builder.AddClusterStores();
    builder.Services.AddClusterApi();

    var app = builder.Build();
    app.MapApi();
    return app;
});
