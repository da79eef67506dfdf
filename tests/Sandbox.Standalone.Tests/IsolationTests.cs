using Sandbox.Testing;

namespace Sandbox.Standalone.Tests;

public sealed class IsolationTests : IDisposable
{
    private readonly TempFolder _temp = new();

    public void Dispose() => _temp.Dispose();

    [Fact]
    public async Task Warning_WithoutAnEngine_NamesTheEngine() =>
        Assert.StartsWith(
            "Docker cannot be used (the engine does not answer: ", await WarnAsync(engine: $"unix://{_temp.File("no.sock")}"),
            StringComparison.Ordinal);

    [NeedsDockerFact]
    public async Task Warning_WithAnEngineButNoNativeAgent_NamesTheAgent() =>
        Assert.Contains("the engine answers, but the native agent is not at ", await WarnAsync(), StringComparison.Ordinal);

    [Fact]
    public async Task Local_ThatWasAskedFor_IsNotExplained() =>
        Assert.DoesNotContain(
            "Docker", await WarnAsync(localWasAsked: true, engine: $"unix://{_temp.File("no.sock")}") ?? "", StringComparison.Ordinal);

    private async Task<string?> WarnAsync(bool localWasAsked = false, string engine = "")
    {
        var started = Assert.IsType<StandaloneStart.Started>(await StandaloneHost.StartAsync(
            new StandaloneOptions
            {
                DataFolder = _temp.File("data"),
                AgentFolder = _temp.File("no-agents"),
                ManagedAgent = typeof(IsolationTests).Assembly.Location,
                Settings = new Dictionary<string, string?> { ["Worker:DockerHost"] = engine },
            },
            TestContext.Current.CancellationToken));
        await using var host = started.Host;
        return await host.DescribeIsolationAsync(localWasAsked, TestContext.Current.CancellationToken);
    }
}
