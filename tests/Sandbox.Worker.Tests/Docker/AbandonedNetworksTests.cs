using System.Diagnostics;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Sandbox.Deployments.Docker;
using Sandbox.Deployments.Networks;
using Sandbox.Deployments.Tools;
using Sandbox.Domain.Policies;
using Sandbox.Testing;

namespace Sandbox.Worker.Tests.Docker;

/// <summary>What a killed worker leaves on its machine, and what another one's round makes of it.</summary>
public sealed class AbandonedNetworksTests : IAsyncLifetime
{
    private readonly DockerHarness _docker = new();
    private readonly FakeTimeProvider _clock = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => _docker.InitializeAsync();

    public ValueTask DisposeAsync() => _docker.DisposeAsync();

    [NeedsDockerFact]
    public async Task Networks_OfANodeThatIsGone_AreRemovedWithTheirRules_AndThoseOfOneThatLivesAreNot()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "rules of iptables need root");
        var left = TestDeployment.NetworksOf(_docker.Connect(), _docker.Options(), time: _clock);
        await left.PrepareAsync(Token);
        _clock.SetUtcNow(TimeProvider.System.GetUtcNow() + (SandboxNetworks.KeptEmptyFor * 2));

        await SweepAsync();
        Assert.Single(await _docker.NetworksAsync(Token));
        Assert.Contains($"SANDBOX-{Key}", await RulesAsync(), StringComparison.Ordinal);

        // As the kernel does with what a killed process held.
        left.Dispose();
        await SweepAsync();

        Assert.Empty(await _docker.NetworksAsync(Token));
        Assert.DoesNotContain($"SANDBOX-{Key}", await RulesAsync(), StringComparison.Ordinal);
    }

    [NeedsDockerFact]
    public async Task Network_ThatIsYoung_OrInWhichSomethingRuns_IsLeft()
    {
        var left = TestDeployment.NetworksOf(_docker.Connect(), _docker.Options(), time: _clock);
        var sandbox = DockerHarness.GivenSandbox(spec => spec with { Network = Domain.Specs.NetworkMode.Bridge });
        var started = await _docker.NewDeployment(left)
            .EnsureStartedAsync(new Node.Deployments.StartOrder(sandbox, null), new RecordedPhases(), Token);
        Assert.True(started.TryGet(out _, out var error), error?.Text);
        left.Dispose();

        _clock.SetUtcNow(TimeProvider.System.GetUtcNow());
        await SweepAsync();
        Assert.Single(await _docker.NetworksAsync(Token));

        _clock.Advance(SandboxNetworks.KeptEmptyFor * 2);
        await SweepAsync();
        Assert.Single(await _docker.NetworksAsync(Token));
    }

    [Fact]
    public void Owner_IsKnownToOthers_UntilItsProcessEnds()
    {
        var key = RandomNumberGenerator.GetHexString(8, lowercase: true);
        using var other = new FirewallOwner(key);
        using (var owner = new FirewallOwner(key))
        {
            Assert.True(owner.TryHold(), "nobody holds it");
            Assert.True(owner.TryHold(), "it holds it already");
            Assert.False(other.TryHold(), "somebody holds it");
        }

        Assert.True(other.TryHold(), "nobody holds it any more");
    }

    private string Key => new SandboxNetworkPlan(_docker.Options(), new SecurityPolicy()).Key;

    /// <summary>By the round of another node; of the machine's other networks it sees none, they are not this test's.</summary>
    private Task SweepAsync() =>
        new AbandonedNetworks(
            new EngineNetworks(_docker.Connect()), new Firewall(new HostTools(), TimeProvider.System), "00000000", _clock,
            NullLogger.Instance)
        { IsLookedAt = key => key == Key }.RemoveAsync(Token);

    private static async Task<string> RulesAsync()
    {
        using var save = Process.Start(new ProcessStartInfo("iptables-save", ["-t", "mangle"]) { RedirectStandardOutput = true })!;
        var printed = await save.StandardOutput.ReadToEndAsync(Token);
        await save.WaitForExitAsync(Token);
        return printed;
    }
}
