using Microsoft.Extensions.Options;
using Sandbox.Contracts.Cluster;
using Sandbox.Deployments.Docker;
using Sandbox.Deployments.Tools;
using Sandbox.Domain.Policies;
using Sandbox.Node;
using Sandbox.Testing;
using Sandbox.Worker.Tests.Tools;

namespace Sandbox.Worker.Tests.Docker;

/// <summary>What a node says of its engine and of the networks there, against the real one.</summary>
public sealed class DockerDiagnosticsTests : IAsyncLifetime
{
    private readonly DockerHarness _docker = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => _docker.InitializeAsync();

    public ValueTask DisposeAsync() => _docker.DisposeAsync();

    [NeedsDockerFact]
    public async Task Engine_OfThisMachine_IsToldWithAllThatIsInEffect()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "rules of iptables need root");

        var checks = await ChecksAsync(new SecurityPolicy());

        string[] expected =
        [
            "engine", "seccomp", "mandatory_access", "user_namespaces", "limits", "runtimes", "disk_limits", "network", "images",
            "engine_disk",
        ];
        Assert.Equal(expected, checks.Select(check => check.Name));
        Assert.Equal(
            DiagnosticCheck.Good("network", "isolated, rules in place (Security:Network is preferred)"),
            Assert.Single(checks, check => check.Name == "network"));
        Assert.All(
            checks.Where(check => check.Status is not DiagnosticCheck.Ok),
            check => Assert.False(string.IsNullOrEmpty(check.Advice), $"what is not as it could be comes with what to do: {check}"));
    }

    /// <summary>Where sandboxes are started all the same, a promise is broken; where they are refused, none is.</summary>
    [NeedsDockerTheory]
    [InlineData("preferred", DiagnosticCheck.Failed)]
    [InlineData("required", DiagnosticCheck.Warning)]
    public async Task Network_ThatCannotBeKeptApart_IsJudgedByThePolicy(string policy, string expected)
    {
        var tools = new RecordedTools().Record(["iptables-save", "-t", "mangle"], exitCode: 4, complaint: "Permission denied");

        var checks = await ChecksAsync(new SecurityPolicy { Network = policy }, tools);

        var network = Assert.Single(checks, check => check.Name == "network");
        Assert.True(network.Status == expected, $"with Security:Network={policy} it was to be '{expected}': {network}");
        Assert.Contains("Permission denied", network.Found, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("docker", DiagnosticCheck.Failed)]
    [InlineData("auto", DiagnosticCheck.Warning)]
    [InlineData("local", null)]
    public async Task Engine_ThatDoesNotAnswer_IsJudgedByWhatTheNodeIsToRun(string deployment, string? expected)
    {
        var options = _docker.Options("unix:///nowhere/docker.sock");
        options.Deployment = deployment;

        var checks = await ChecksAsync(new SecurityPolicy(), with: options);

        (string, string)[] wanted = expected is null ? [] : [("engine", expected)];
        Assert.Equal(wanted, checks.Select(check => (check.Name, check.Status)));
    }

    private Task<IReadOnlyList<DiagnosticCheck>> ChecksAsync(
        SecurityPolicy policy, IHostTools? tools = null, WorkerOptions? with = null)
    {
        var worker = with ?? _docker.Options();
        var engine = _docker.Connect(worker.DockerHost);
        return new DockerDiagnostics(
            engine, TestDeployment.NetworksOf(engine, worker, policy, tools: tools), Options.Create(policy),
            Options.Create(new ImagePolicy()), Options.Create(worker)).CheckAsync(Token);
    }
}
