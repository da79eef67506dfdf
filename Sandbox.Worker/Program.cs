using Sandbox.Hosting;
using Sandbox.Node.Membership;
using Sandbox.Worker;
using Sandbox.Worker.Enrollment;

var program = new ClusterProgram(args)
{
    ReadsClusterFile = true,
    Refusals = [typeof(EnrollmentException)],
    WhyEnded = static app => app.Services.GetRequiredService<FatalExit>().Why,
};
return await program.RunAsync(static async builder =>
{
    if (builder.Configuration.OnlyDecides())
    {
        builder.Services.AddDecisionOnly(builder.Configuration);
        var node = builder.Build();
        node.MapDecisionOnly();
        return node;
    }

    var joined = await NodeEnrollment.SettingsAsync(builder.Configuration, TimeProvider.System, CancellationToken.None);
    builder.Configuration.AddInMemoryCollection(joined);
    builder.AddClusterStores();
    builder.Services.AddWorker(builder.Configuration);

    var app = builder.Build();
    app.MapWorker();
    return app;
});
