using Health.Service;
using Sandbox.Hosting;

var program = new ClusterProgram(args) { ReadsClusterFile = true, Refusals = [typeof(SecondInstanceException)] };
return await program.RunAsync(static builder =>
{
    builder.UseDefaultPort();
    builder.AddHeadStores();
    builder.Services.AddHealth();

    var app = builder.Build();
    app.MapHealth();
    return app;
});
