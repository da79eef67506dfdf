using Sandbox.Api.Tests.Servers;
using Sandbox.Contracts.Ids;
using Sandbox.Domain.Lifecycle;

namespace Sandbox.Api.Tests.Mirrors;

/// <summary>Which image a start uses where a registry may have a copy of it.</summary>
public sealed class ImageMirrorTests : IAsyncLifetime
{
    private FakeRegistry _mirror = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _mirror = await FakeRegistry.StartAsync("reader:secret-of-the-mirror");

    public ValueTask DisposeAsync() => _mirror.DisposeAsync();

    [Theory]
    [InlineData("library/python:3.11")]
    [InlineData("copies/python:3.11")]
    public async Task Start_OfAnImageThatTheMirrorHas_UsesTheCopyWithTheMirrorsLogin(string copy)
    {
        _mirror.Images.Add(copy);
        await using var server = await ServerAsync();

        var spec = (await StartAsync(server, "python:3.11")).Spec;

        Assert.Equal(($"{_mirror.Name}/{copy}", "reader"), (spec.Image, spec.RegistryUsername));
        Assert.DoesNotContain(server.Logs.Lines, line => line.Contains("secret-of-the-mirror", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("python:3.12")]
    [InlineData("ghcr.io/team/python:3.11")]
    [InlineData("python@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef")]
    [InlineData("sandbox-base")]
    public async Task Start_OfAnyOtherImage_UsesWhatItNames(string image)
    {
        _mirror.Images.UnionWith(["library/python:3.11", "team/python:3.11", "library/sandbox-base:latest"]);
        await using var server = await ServerAsync();

        var spec = (await StartAsync(server, image)).Spec;

        Assert.Equal((image, null), (spec.Image, spec.RegistryUsername));
    }

    [Fact]
    public async Task Starts_AtOnceAndAfterwards_AskTheMirrorOnce()
    {
        var gate = new TaskCompletionSource();
        _mirror.Gate = gate.Task;
        _mirror.Images.Add("library/python:3.11");
        await using var server = await ServerAsync();

        Task<SandboxInstance>[] starts = [.. Enumerable.Range(0, 5).Select(_ => StartAsync(server, "python:3.11"))];
        await Sandbox.Testing.Clusters.Wait.UntilAsync(
            () => Task.FromResult(_mirror.Asked.Count > 0), () => "the mirror is asked");
        gate.SetResult();
        var started = await Task.WhenAll(starts);
        var later = await StartAsync(server, "python:3.11");

        Assert.All([.. started, later], one => Assert.Equal($"{_mirror.Name}/library/python:3.11", one.Spec.Image));
        Assert.Equal(["library/python:3.11"], _mirror.Asked);
    }

    [Fact]
    public async Task Start_WithAMirrorThatIsGone_UsesTheNextOne()
    {
        await using var gone = await FakeRegistry.StartAsync();
        var name = gone.Name;
        await gone.DisposeAsync();
        _mirror.Images.Add("library/python:3.11");
        await using var server = await ServerAsync(
            ("Start:Mirrors:0:Registry", name), ("Start:Mirrors:1:Registry", _mirror.Name), ("Start:Mirrors:1:IsInsecure", "true"),
            ("Start:Mirrors:1:Username", "reader"), ("Start:Mirrors:1:Password", "secret-of-the-mirror"));

        Assert.Equal($"{_mirror.Name}/library/python:3.11", (await StartAsync(server, "python:3.11")).Spec.Image);
        Assert.Contains(server.Logs.Lines, line => line.StartsWith("5121 ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Start_WithAWrongLoginOfTheMirror_UsesWhatItNames()
    {
        _mirror.Images.Add("library/python:3.11");
        await using var server = await ServerAsync(("Start:Mirrors:0:Password", "wrong"));

        Assert.Equal("python:3.11", (await StartAsync(server, "python:3.11")).Spec.Image);
    }

    /// <param name="settings">In the place of those for one good mirror.</param>
    private Task<ApiServer> ServerAsync(params (string Name, string Value)[] settings)
    {
        var all = new Dictionary<string, string>
        {
            ["Start:Mirrors:0:Registry"] = _mirror.Name,
            ["Start:Mirrors:0:Namespace"] = "copies",
            ["Start:Mirrors:0:IsInsecure"] = "true",
            ["Start:Mirrors:0:Username"] = "reader",
            ["Start:Mirrors:0:Password"] = "secret-of-the-mirror",
            ["Start:MirroredImages:0"] = "docker.io/library/",
        };
        foreach (var (name, value) in settings)
        {
            all[name] = value;
        }

        return ApiServer.StartAsync([.. all.Select(entry => (entry.Key, entry.Value))]);
    }

    private static async Task<SandboxInstance> StartAsync(ApiServer server, string image)
    {
        var id = SandboxId.New();
        var answer = await server.PostAsync("/start_async", $$"""{"image":"{{image}}","sandbox_id":"{{id}}"}""");
        Assert.StartsWith("""{"status":"Success",""", answer, StringComparison.Ordinal);
        return (await server.Store.FindAsync(id, Token))!;
    }
}
