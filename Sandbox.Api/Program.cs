using Sandbox.Api;
using Sandbox.Api.Auth;
using Sandbox.Hosting;

return await new ClusterProgram(args) { Refusals = [typeof(ExposureRefusedException)] }.RunAsync(static builder =>
{
    builder.AddClusterStores();
    builder.Services.AddClusterApi();

    var app = builder.Build();
    app.MapApi();
    return app;
});
