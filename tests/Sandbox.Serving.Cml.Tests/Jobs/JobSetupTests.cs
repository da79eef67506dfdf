using System.Collections.Immutable;
using Microsoft.Extensions.Logging.Abstractions;
using Sandbox.Serving.Cml.Fake;
using Sandbox.Serving.Cml.Jobs;

namespace Sandbox.Serving.Cml.Tests.Jobs;

public sealed class JobSetupTests
{
    private const string Image = "image:1";

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    [Trait("Row", "44")]
    public async Task Jobs_MadeTwice_AreThreeChainedOnes()
    {
        await using var server = await FakeCml.StartAsync();
        using var client = server.Client();
        var (project, setup) = (server.GivenProject("p"), new JobSetup(client, NullLogger<JobSetup>.Instance));

        var first = await setup.EnsureAsync(project, Chain("sync.py"), Image, Cancelled);
        var second = await setup.EnsureAsync(project, Chain("other.py"), Image, Cancelled);

        Assert.Equal(first.Select(job => job.Id), second.Select(job => job.Id));
        Assert.Equal(3, server.Jobs.Count);
        Assert.Equal([null, first[0].Id, first[1].Id], server.Jobs.Select(job => job.Parent));
        Assert.Equal("other.py", (string?)server.Jobs[0].Settings["script"]);
        Assert.All(server.Jobs, job => Assert.Equal(Image, (string?)job.Settings["runtime_identifier"]));
        Assert.Equal(3, server.Requests.Count(request => request.Method == "PATCH"));
    }

    [Fact]
    public async Task Job_OfWhichSomeoneMadeALongerName_IsMadeBesideIt()
    {
        await using var server = await FakeCml.StartAsync();
        using var client = server.Client();
        var (project, setup) = (server.GivenProject("p"), new JobSetup(client, NullLogger<JobSetup>.Instance));
        await setup.EnsureAsync(project, [Definition("x", "Sync of another", null)], null, Cancelled);

        await setup.EnsureAsync(project, [Definition("git_sync", "Sync", null)], null, Cancelled);

        Assert.Equal(["Sync of another", "Sync"], server.Jobs.Select(job => job.Name));
    }

    private static ImmutableArray<JobDefinition> Chain(string script) =>
    [
        Definition("git_sync", "Sync", null, script), Definition("setup", "Setup", "git_sync"), Definition("launch", "Launch", "setup"),
    ];

    private static JobDefinition Definition(string key, string name, string? parent, string script = "script.py") =>
        new(key, name, script, parent, TimeSpan.FromSeconds(600), 4, 16);
}
