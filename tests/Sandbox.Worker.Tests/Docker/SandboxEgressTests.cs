using System.Diagnostics;
using Microsoft.Extensions.Time.Testing;
using Sandbox.Deployments.Docker;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Policies;
using Sandbox.Domain.Specs;
using Sandbox.Node.Deployments;
using Sandbox.Testing;
using Sandbox.Testing.Networks;
using Sandbox.Worker.Tests.Tools;

namespace Sandbox.Worker.Tests.Docker;

/// <summary>Lists of what one sandbox may reach, on the machine's engine and firewall. The server beside the machine stands for the
/// internet: the operator's policy lets sandboxes reach it, and their own lists decide.</summary>
public sealed class SandboxEgressTests : IAsyncLifetime
{
    private readonly DockerHarness _docker = new();
    private readonly TestLookup _lookup = new();
    private readonly FakeTimeProvider _clock = new();
    private readonly List<SandboxNetworks> _networks = [];
    private LanMachine _lan = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private string Here => _lan.Address.Host;

    private string Other => _lan.OtherAddress.Host;

    public async ValueTask InitializeAsync()
    {
        await _docker.InitializeAsync();
        if (DockerEngine.WhyMissing is null)
        {
            _lan = await LanMachine.StartAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        _networks.ForEach(networks => networks.Dispose());
        await _docker.DisposeAsync();
        await (_lan?.DisposeAsync() ?? ValueTask.CompletedTask);
    }

    [NeedsDockerFact]
    public async Task Networks_OnTheLists_AreReachedAndOthersAreNot()
    {
        var deployment = Deployment();
        var (allowed, effect) = await StartAsync(deployment, Lists([$"{Here}/32"]));
        var (denied, _) = await StartAsync(deployment, Lists(null, [$"{Here}/32"]));
        var (free, freely) = await StartAsync(deployment, null);

        Assert.Equal(("limited", "isolated"), (effect, freely));
        Assert.Equal((true, false), (await ReachesAsync(allowed, Here), await ReachesAsync(allowed, Other)));
        Assert.Equal((false, true), (await ReachesAsync(denied, Here), await ReachesAsync(denied, Other)));
        Assert.Equal((true, true), (await ReachesAsync(free, Here), await ReachesAsync(free, Other)));
    }

    [NeedsDockerFact]
    public async Task Name_OnTheList_IsReachedByItsAddress_AndNoOtherNameIsKnown()
    {
        var deployment = Deployment();
        _lookup.Tell("shop.example.com", Here);
        _lookup.Tell("evil.example.org", Other);
        var (box, _) = await StartAsync(deployment, Lists(["*.example.com"]));

        Assert.False(await ReachesAsync(box, Here), "its address is not open before the name was asked for");
        Assert.True(await ReachesAsync(box, "shop.example.com"), "a name on the list is reached");
        Assert.False(await ReachesAsync(box, "evil.example.org"), "a name that is not on the list is not");
        Assert.False(await ReachesAsync(box, Other), "nor is its address");
        Assert.DoesNotContain("evil.example.org", _lookup.Asked);
    }

    [NeedsDockerFact]
    public async Task Lists_ThatChange_BindWhatRuns()
    {
        var deployment = Deployment();
        await RoundAsync(deployment);
        var (box, _) = await StartAsync(deployment, null);
        Assert.True(await ReachesAsync(box, Here), "without lists it is reached");

        var closed = With(box, Lists([$"{Other}/32"]));
        Assert.Equal("limited", await ApplyAsync(deployment, closed));
        Assert.Equal((false, true), (await ReachesAsync(box, Here), await ReachesAsync(box, Other)));

        Assert.Equal("isolated", await ApplyAsync(deployment, With(closed with { EffectiveNetwork = "limited" }, new EgressPolicy())));
        Assert.True(await ReachesAsync(box, Here), "it is open again");
    }

    [NeedsDockerFact]
    public async Task Lists_OpenNothingThatTheOperatorHasClosed()
    {
        var deployment = _docker.NewDeployment(Networks(new SecurityPolicy()));

        var (box, _) = await StartAsync(deployment, Lists(["0.0.0.0/0", $"{Here}/32"]));

        Assert.False(await ReachesAsync(box, Here), "a private address is closed by the operator's policy");
    }

    [NeedsDockerFact]
    public async Task Rules_ThatSomebodyFlushed_ArePutBack()
    {
        var deployment = Deployment();
        var (box, _) = await StartAsync(deployment, Lists([]));
        await ShellAsync($"iptables -w -t mangle -F SANDBOX-{Key}");
        Assert.True(await ReachesAsync(box, Here), "without rules nothing binds it");

        await RoundAsync(deployment, box);

        Assert.False(await ReachesAsync(box, Here), "the next round puts the rules back");
    }

    /// <summary>From its first moment: the records are read a while after the process has begun.</summary>
    [NeedsDockerFact]
    public async Task Process_BeginsAgain_LeavesNoMomentWithoutTheLists()
    {
        var (box, _) = await StartAsync(Deployment(), Lists([$"{Other}/32"]));

        var again = Networks(Open);
        await again.PrepareAsync(Token);
        Assert.Equal((false, true), (await ReachesAsync(box, Here), await ReachesAsync(box, Other)));

        await RoundAsync(_docker.NewDeployment(again), box);
        Assert.Equal((false, true), (await ReachesAsync(box, Here), await ReachesAsync(box, Other)));
        Assert.Contains($"SANDBOX-{Key}-", await RulesAsync(), StringComparison.Ordinal);
    }

    [NeedsDockerFact]
    public async Task Sandbox_Restarted_HasItsListsAgain_AndGone_LeavesNoRules()
    {
        var deployment = Deployment();
        await RoundAsync(deployment);
        var (box, _) = await StartAsync(deployment, Lists(["pypi.org"]));
        await deployment.EnsureStoppedAsync(box, Token);
        Assert.DoesNotContain($"SANDBOX-{Key}-", await RulesAsync(), StringComparison.Ordinal);

        var restarted = await deployment.EnsureRestartedAsync(box, new RecordedPhases(), Token);
        Assert.True(restarted.TryGet(out var again, out var error), error?.Text);
        Assert.Equal("limited", again.EffectiveNetwork);
        Assert.False(await ReachesAsync(box, Here), "its lists bind it again");

        await deployment.EnsureGoneAsync(box.Incarnation, Token);
        await RoundAsync(deployment);
        Assert.DoesNotContain($"SANDBOX-{Key}-", await RulesAsync(), StringComparison.Ordinal);
        Assert.DoesNotContain($"SANDBOX-{Key}", await ShellAsync("iptables-save -t nat"), StringComparison.Ordinal);
    }

    [NeedsDockerFact]
    public async Task WithoutRights_AStartWithListsIsRefusedWithTheReason_AndOneWithoutIsNot()
    {
        var tools = new RecordedTools().Record(["iptables-save", "-t", "mangle"], exitCode: 4, complaint: "you must be root");
        var deployment = _docker.NewDeployment(Networks(new SecurityPolicy(), tools));
        var sandbox = DockerHarness.GivenSandbox(spec => spec with { Network = NetworkMode.Bridge, Egress = Lists([]) });

        var error = DockerHarness.Failure<SandboxError.StartFailed>(
            await deployment.EnsureStartedAsync(new StartOrder(sandbox, null), new RecordedPhases(), Token));

        Assert.StartsWith("lists of what it may reach cannot be put in effect here: partial:", error.Reason, StringComparison.Ordinal);
        Assert.Contains("you must be root", error.Reason, StringComparison.Ordinal);
        Assert.Empty(await _docker.ContainersAsync(Token));
        var (_, effect) = await StartAsync(deployment, null);
        Assert.StartsWith("partial: ", effect, StringComparison.Ordinal);
    }

    private static SecurityPolicy Open => new() { AllowPrivateNetworks = true };

    private static EgressPolicy Lists(IReadOnlyList<string>? allow, IReadOnlyList<string>? deny = null) =>
        new() { Allow = allow, Deny = deny ?? [], Revision = 1 };

    /// <summary>The sandbox with lists that were given to it after those that it has.</summary>
    private static SandboxInstance With(SandboxInstance sandbox, EgressPolicy lists) =>
        sandbox with { Spec = sandbox.Spec with { Egress = lists with { Revision = (sandbox.Spec.Egress?.Revision ?? 0) + 1 } } };

    private string Key => new SandboxNetworkPlan(_docker.Options(), Open).Key;

    private DockerDeployment Deployment() => _docker.NewDeployment(Networks(Open));

    private SandboxNetworks Networks(SecurityPolicy policy, RecordedTools? tools = null)
    {
        _networks.Add(TestDeployment.NetworksOf(_docker.Connect(), _docker.Options(), policy, _clock, tools, _lookup));
        return _networks[^1];
    }

    private static async Task<(SandboxInstance Sandbox, string Effect)> StartAsync(DockerDeployment deployment, EgressPolicy? lists)
    {
        var sandbox = DockerHarness.GivenSandbox(spec => spec with { Network = NetworkMode.Bridge, Egress = lists });
        var started = await deployment.EnsureStartedAsync(new StartOrder(sandbox, null), new RecordedPhases(), Token);
        Assert.True(started.TryGet(out var value, out var error), error?.Text);
        return (sandbox with { EffectiveNetwork = value.EffectiveNetwork }, value.EffectiveNetwork!);
    }

    private static async Task<string?> ApplyAsync(DockerDeployment deployment, SandboxInstance sandbox)
    {
        Assert.True((await deployment.ApplyEgressAsync(sandbox, Token)).TryGet(out var applied, out var error), error?.Text);
        return applied.EffectiveNetwork;
    }

    /// <summary>One round of reconciliation.</summary>
    private static async Task RoundAsync(DockerDeployment deployment, params SandboxInstance[] running)
    {
        await deployment.ListAsync(Token);
        foreach (var sandbox in running)
        {
            await ApplyAsync(deployment, sandbox);
        }

        await deployment.MaintainAsync(Token);
    }

    private static async Task<bool> ReachesAsync(SandboxInstance from, string host)
    {
        var (exitCode, said) = await DockerHarness.RunAsync(
            from, $"printf 'GET / HTTP/1.0\\r\\n\\r\\n' | nc -w 2 {host} 8000 >/tmp/said || exit; tail -n 1 /tmp/said", Token);
        return exitCode == 0 && said == LanMachine.Page;
    }

    private Task<string> RulesAsync() => ShellAsync("iptables-save -t mangle");

    private static async Task<string> ShellAsync(string line)
    {
        using var shell = Process.Start(
            new ProcessStartInfo("/bin/sh", ["-ec", line]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var complaint = shell.StandardError.ReadToEndAsync(Token);
        var printed = await shell.StandardOutput.ReadToEndAsync(Token);
        await shell.WaitForExitAsync(Token);
        Assert.True(shell.ExitCode == 0, $"{line} was to succeed: {await complaint}");
        return printed;
    }
}
