using Microsoft.Extensions.Logging.Abstractions;
using Sandbox.Serving.Cml.Configuration;
using Sandbox.Serving.Cml.Fake;
using Sandbox.Serving.Cml.Projects;
using Sandbox.Serving.Cml.Rest;
using Sandbox.Testing;

namespace Sandbox.Serving.Cml.Tests.Projects;

public sealed class ProjectSetupTests
{
    private const string Git = "https://git.example/sandbox.git";

    private readonly ImpatientTime _time = new();

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    /// <summary>The server's search finds each name that contains the text, more than a page of them.</summary>
    [Fact]
    [Trait("Row", "42")]
    public async Task Project_AmongOthersThatContainItsName_IsFoundByItsExactName()
    {
        await using var server = await FakeCml.StartAsync();
        for (var number = 0; number < 60; number++)
        {
            server.GivenProject($"ray-cluster-{number}");
        }

        var expected = server.GivenProject("ray-cluster");
        using var client = server.Client();

        Assert.Equal(expected, await Setup(client).FindOrCreateAsync(new NewProject("ray-cluster", "", Git), Cancelled));
        Assert.DoesNotContain(server.Requests, request => request.Method == "POST");
    }

    [Fact]
    [Trait("Row", "42")]
    public async Task Project_ThatIsNotThere_IsCreatedWithItsRepositoryAndWithoutTheKey()
    {
        await using var server = await FakeCml.StartAsync();
        server.GivenProject("ray-cluster-2");
        using var client = server.Client();

        var first = await Setup(client).FindOrCreateAsync(new NewProject("ray-cluster", "Engines.", Git), Cancelled);
        var second = await Setup(client).FindOrCreateAsync(new NewProject("ray-cluster", "Engines.", Git), Cancelled);

        Assert.Equal(first, second);
        var created = Assert.Single(server.Requests, request => request.Method == "POST");
        Assert.Contains($"\"git_url\":\"{Git}\"", created.Body, StringComparison.Ordinal);
        Assert.DoesNotContain(FakeCml.Key, created.Body, StringComparison.Ordinal);
    }

    [Theory]
    [Trait("Row", "42")]
    [InlineData("https://user:token@git.example/sandbox.git")]
    [InlineData("https://token@git.example/sandbox.git")]
    [InlineData("https://git.example/sandbox.git?access_token=token")]
    public async Task Project_OfARepositoryWithCredentials_IsRefusedBeforeAnythingIsSent(string address)
    {
        await using var server = await FakeCml.StartAsync();
        using var client = server.Client();

        var refusal = await Assert.ThrowsAsync<CmlConfigurationException>(
            () => Setup(client).FindOrCreateAsync(new NewProject("ray-cluster", "", address), Cancelled));

        Assert.DoesNotContain("token@", refusal.Message, StringComparison.Ordinal);
        Assert.Empty(server.Requests);
    }

    [Fact]
    [Trait("Row", "43")]
    public async Task Clone_ThatIsBeingMade_IsWaitedForAndSettles()
    {
        await using var server = await FakeCml.StartAsync();
        using var client = server.Client();
        var project = server.GivenProject("p");
        Answers(server, ("unknown", null), ("creating", null), ("success", null));
        var begin = _time.GetUtcNow();

        await Setup(client).WaitForCloneAsync(project, Cancelled);

        Assert.Equal(3, server.Requests.Count());
        Assert.Equal(TimeSpan.FromSeconds(10 + 10 + 30), _time.GetUtcNow() - begin);
    }

    [Fact]
    [Trait("Row", "43")]
    public async Task Clone_OfAnOlderServer_IsReadByItsStatus()
    {
        await using var server = await FakeCml.StartAsync();
        using var client = server.Client();
        server.Fail("GET /projects/p", 200, """{"id":"p","status":"ready"}""");

        await Setup(client).WaitForCloneAsync("p", Cancelled);
    }

    [Fact]
    [Trait("Row", "43")]
    public async Task Clone_ThatFails_SaysWhyAtOnce()
    {
        await using var server = await FakeCml.StartAsync();
        using var client = server.Client();
        var project = server.GivenProject("p");
        Answers(server, ("creating", null), ("error", "repository not found"));

        var error = await Assert.ThrowsAsync<CmlException>(() => Setup(client).WaitForCloneAsync(project, Cancelled));

        Assert.Equal(CmlError.Failed, error.Error);
        Assert.Contains("repository not found", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Row", "43")]
    public async Task Clone_ThatTakesLongerThan15Minutes_IsATimeoutWithTheLastState()
    {
        await using var server = await FakeCml.StartAsync();
        using var client = server.Client();
        var project = server.GivenProject("p");
        Answers(server, ("creating", null));

        var error = await Assert.ThrowsAsync<CmlException>(() => Setup(client).WaitForCloneAsync(project, Cancelled));

        Assert.Equal(CmlError.Timeout, error.Error);
        Assert.Contains("not within 900 s; last: creating", error.Message, StringComparison.Ordinal);
        Assert.Equal(91, server.Requests.Count());
    }

    /// <summary>A request that failed in passing is none of the clone's.</summary>
    [Fact]
    [Trait("Row", "43")]
    public async Task Clone_WhileTheServerFailsInPassing_IsAskedForAgain()
    {
        await using var server = await FakeCml.StartAsync();
        using var client = server.Client();
        var project = server.GivenProject("p");
        server.Fail("GET /projects/", 502, "", times: 3);

        await Setup(client).WaitForCloneAsync(project, Cancelled);

        Assert.Equal(4, server.Requests.Count());
    }

    private static void Answers(FakeCml server, params (string Status, string? Error)[] answers)
    {
        server.Clone.Clear();
        foreach (var answer in answers)
        {
            server.Clone.Enqueue(answer);
        }
    }

    private ProjectSetup Setup(CmlClient client) => new(client, _time, NullLogger<ProjectSetup>.Instance);
}
