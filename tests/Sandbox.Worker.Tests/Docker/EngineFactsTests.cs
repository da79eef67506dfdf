using Docker.DotNet.Models;
using Sandbox.Deployments.Docker;
using Sandbox.Node;
using Sandbox.Node.Agents;
using Version = System.Version;

namespace Sandbox.Worker.Tests.Docker;

/// <summary>What an engine says of its runtimes and users, and what a node makes of that.</summary>
public sealed class EngineFactsTests
{
    [Theory]
    [InlineData("/var/lib/docker/100000.100001", 100000u, 100001u)]
    [InlineData("/data/231072.231072", 231072u, 231072u)]
    public void Facts_OfAnEngineThatMapsUsers_KnowWhoRootIs(string folder, uint user, uint group)
    {
        var facts = Of(folder, "name=seccomp,profile=default", "name=userns");

        Assert.Equal((new FileOwner(user, group), true), (facts.ContainerRoot, facts.HasUserNamespaces));
        Assert.Equal($"in a user namespace (its root is user {user} of the machine)", Describe(facts));
    }

    [Fact]
    public void Facts_OfAnEngineThatDoesNotTellToWhichUsersItMaps_AreRefused() =>
        Assert.Contains(
            "does not tell to which", Assert.Throws<EngineException>(() => Of("/var/lib/docker", "name=userns")).Message,
            StringComparison.Ordinal);

    [Theory]
    [InlineData("name=seccomp,profile=default", false)]
    [InlineData("name=rootless", true)]
    public void Facts_OfAnEngineThatMapsNone_KeepTheNodesOwnUser(string option, bool hasUserNamespaces)
    {
        var facts = Of("/var/lib/docker/100000.100000", option);

        Assert.Equal((null, hasUserNamespaces), (facts.ContainerRoot, facts.HasUserNamespaces));
        Assert.Null(Describe(facts));
    }

    [Theory]
    [InlineData("", "preferred", null)]
    [InlineData("runc", "preferred", null)]
    [InlineData("io.containerd.runsc.v1", "preferred", null)]
    [InlineData(
        "runsc", "preferred", "Worker:Runtime is 'runsc', and the engine has no runtime of that name; it has io.containerd.runc.v2, runc")]
    [InlineData(
        "", "required",
        "Worker:UserNamespaces is 'required', and the engine gives containers the machine's own users: it has to be started with "
            + "userns-remap")]
    public void Engine_WithoutWhatTheNodeDemands_IsRefused(string runtime, string userNamespaces, string? reason) =>
        Assert.Equal(
            reason, Of("/var/lib/docker").WhyRefused(new WorkerOptions { Runtime = runtime, UserNamespaces = userNamespaces }));

    [Fact]
    public void Engine_ThatMapsUsers_IsWhatANodeThatRequiresThatRunsOn() =>
        Assert.Null(Of("/d/1.1", "name=userns").WhyRefused(new WorkerOptions { UserNamespaces = "required" }));

    private static string? Describe(EngineFacts facts) => facts.Describe(DockerHarness.GivenSandbox().Spec, new WorkerOptions());

    private static EngineFacts Of(string folder, params string[] security) => EngineFacts.Of(
        new SystemInfoResponse
        {
            Architecture = "x86_64",
            DockerRootDir = folder,
            SecurityOptions = security,
            Runtimes = new Dictionary<string, RuntimeWithStatus> { ["runc"] = new(), ["io.containerd.runc.v2"] = new() },
        },
        new Version(1, 41));
}
