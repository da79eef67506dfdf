using System.Diagnostics;
using System.Globalization;
using System.Net;
using Microsoft.Extensions.Time.Testing;
using Sandbox.Deployments.Docker;
using Sandbox.Deployments.Tools;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Policies;
using Sandbox.Domain.Specs;
using Sandbox.Node.Deployments;
using Sandbox.Testing;
using Sandbox.Testing.Networks;
using Sandbox.Worker.Tests.Tools;

namespace Sandbox.Worker.Tests.Docker;

/// <summary>The networks of sandboxes on the machine's engine, and its firewall: what one can reach from inside, and what is left
/// afterwards. Each test has a node of its own, so its rules are its own.</summary>
public sealed class SandboxNetworksTests : IAsyncLifetime
{
    private readonly DockerHarness _docker = new();
    private readonly FakeTimeProvider _clock = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => _docker.InitializeAsync();

    public ValueTask DisposeAsync() => _docker.DisposeAsync();

    [NeedsDockerFact]
    public async Task WebServer_InAnotherSandbox_IsOutOfReach()
    {
        NeedRoot();
        var deployment = Deployment(new SecurityPolicy());
        var (server, address) = await ServingAsync(deployment);
        var (other, _) = await StartAsync(deployment);

        var (exitCode, said) = await FetchAsync(other, address, 8000);

        Assert.True(exitCode != 0 && !said.Contains("secret", StringComparison.Ordinal), $"one sandbox read from another: {said}");
        using var http = new HttpClient();
        Assert.Equal("secret", (await http.GetStringAsync(new Uri($"http://{address}:8000/"), Token)).Trim());
        Assert.Equal((0, "secret"), await FetchAsync(server, "127.0.0.1", 8000));
    }

    [NeedsDockerFact]
    public async Task ServicesOfTheMachine_AreOutOfReach_AndAgainWhenSomebodyFlushedTheRules()
    {
        NeedRoot();
        using var service = new HostListener(IPAddress.Any);
        var deployment = Deployment(new SecurityPolicy());
        var (sandbox, effect) = await StartAsync(deployment);
        Assert.Equal("isolated", effect);
        var gateway = await GatewayAsync(sandbox);

        Assert.NotEqual(0, (await FetchAsync(sandbox, gateway, service.Port)).ExitCode);
        Assert.Equal(0, service.Connections);

        await FlushAsync();
        Assert.Equal((0, "hello"), await FetchAsync(sandbox, gateway, service.Port));

        await deployment.MaintainAsync(Token);
        Assert.NotEqual(0, (await FetchAsync(sandbox, gateway, service.Port)).ExitCode);
        Assert.Equal(1, service.Connections);
    }

    [NeedsDockerFact]
    public async Task LinkLocal_IsOutOfReach_AlsoWhereAPolicyOpensIt()
    {
        NeedRoot();
        using var metadata = new HostListener(IPAddress.Any);
        var deployment = Deployment(new SecurityPolicy { AllowedNetworks = ["169.254.0.0/16"] });
        var (sandbox, _) = await StartAsync(deployment);
        var linkLocal = string.Create(
            CultureInfo.InvariantCulture, $"169.254.{Random.Shared.Next(1, 254)}.{Random.Shared.Next(1, 254)}");
        await RunAsync("ip", "addr", "add", $"{linkLocal}/32", "dev", "lo");
        try
        {
            Assert.NotEqual(0, (await FetchAsync(sandbox, linkLocal, metadata.Port)).ExitCode);
            Assert.Equal(0, metadata.Connections);

            await FlushAsync();
            Assert.Equal((0, "hello"), await FetchAsync(sandbox, linkLocal, metadata.Port));
        }
        finally
        {
            await RunAsync("ip", "addr", "del", $"{linkLocal}/32", "dev", "lo");
        }
    }

    [NeedsDockerFact]
    public async Task PrivateNetwork_IsOutOfReach_UnlessThePolicyOpensIt()
    {
        NeedRoot();
        await using var lan = await LanMachine.StartAsync();
        var (closed, _) = await StartAsync(Deployment(new SecurityPolicy()));
        Assert.NotEqual(0, (await FetchAsync(closed, lan.Address.Host, lan.Address.Port)).ExitCode);

        // The same node, started again with another policy: its rules replace those that are there.
        var deployment = Deployment(new SecurityPolicy { AllowedNetworks = [$"{lan.Address.Host}/32"] });
        var (open, effect) = await StartAsync(deployment);

        Assert.Equal((0, LanMachine.Page), await FetchAsync(open, lan.Address.Host, lan.Address.Port));
        Assert.Equal("isolated", effect);
    }

    [NeedsDockerFact]
    public async Task Sandbox_HasNoIPv6()
    {
        var (sandbox, _) = await StartAsync(Deployment(new SecurityPolicy()));

        var (_, addresses) = await DockerHarness.RunAsync(sandbox, "cat /proc/net/if_inet6 2>/dev/null | grep -v ' lo$'; true", Token);

        Assert.Equal("", addresses);
    }

    [NeedsDockerFact]
    public async Task LastSandboxGone_AfterAWhile_NothingIsLeft()
    {
        NeedRoot();
        var deployment = Deployment(new SecurityPolicy());
        var (sandbox, _) = await StartAsync(deployment);
        _clock.Advance(SandboxNetworks.KeptEmptyFor * 2);
        await RoundAsync(deployment);
        Assert.Single(await NetworksAsync());
        Assert.NotEmpty(await RulesAsync());

        await deployment.EnsureGoneAsync(sandbox.Incarnation, Token);
        await RoundAsync(deployment);
        Assert.Single(await NetworksAsync());
        _clock.Advance(SandboxNetworks.KeptEmptyFor);
        await RoundAsync(deployment);

        Assert.Empty(await NetworksAsync());
        Assert.Empty(await RulesAsync());
        Assert.Equal("isolated", (await StartAsync(deployment)).Effect);
    }

    [NeedsDockerFact]
    public async Task Process_Ends_LeavesNoNetworkWithoutSandboxes()
    {
        NeedRoot();
        var networks = Networks(new SecurityPolicy());
        await networks.PrepareAsync(Token);
        Assert.Single(await NetworksAsync());

        await networks.RemoveUnusedAsync(Token);

        Assert.Empty(await NetworksAsync());
        Assert.Empty(await RulesAsync());
    }

    [NeedsDockerFact]
    public async Task Process_Ends_KeepsTheNetworkOfAStoppedSandbox_ForItsRestart()
    {
        var networks = Networks(new SecurityPolicy());
        var deployment = _docker.NewDeployment(networks);
        var (sandbox, _) = await StartAsync(deployment);
        await deployment.EnsureStoppedAsync(sandbox, Token);

        await networks.RemoveUnusedAsync(Token);

        Assert.Single(await NetworksAsync());
        Assert.True((await RestartAsync(deployment, sandbox)).TryGet(out var restarted, out var error), error?.Text);
        Assert.NotNull(restarted.EffectiveNetwork);
    }

    [NeedsDockerFact]
    public async Task Network_RemovedByHand_IsMadeAgainForTheNextStartAndForARestart()
    {
        var deployment = Deployment(new SecurityPolicy());
        var (stopped, _) = await StartAsync(deployment);
        await deployment.EnsureStoppedAsync(stopped, Token);
        var first = Assert.Single(await NetworksAsync());
        await DockerEngine.DeleteAsync($"networks/{first}", Token);

        var (sandbox, effect) = await StartAsync(deployment);

        Assert.True((await RestartAsync(deployment, stopped)).TryGet(out _, out var error), error?.Text);
        Assert.All(
            [await AddressAsync(sandbox), await AddressAsync(stopped)],
            address => Assert.StartsWith("10.213.", address, StringComparison.Ordinal));
        Assert.NotEqual("open", effect.Split(':')[0]);
    }

    [NeedsDockerFact]
    public async Task Restart_OfAContainerThatIsInTheEnginesNetwork_TakesItOutOfThere()
    {
        var deployment = Deployment(new SecurityPolicy());
        var (sandbox, _) = await StartAsync(deployment);
        await deployment.EnsureStoppedAsync(sandbox, Token);
        var name = DockerHarness.NameOf(sandbox);
        var ours = Assert.Single(await NetworksAsync());
        await DockerEngine.PostAsync($"networks/{ours}/disconnect", new { Container = name, Force = true }, Token);
        await DockerEngine.PostAsync("networks/bridge/connect", new { Container = name }, Token);

        // As a record of an earlier version says it: nothing.
        Assert.True((await RestartAsync(deployment, sandbox with { EffectiveNetwork = null })).TryGet(out _, out var error), error?.Text);

        Assert.StartsWith("10.213.", await AddressAsync(sandbox), StringComparison.Ordinal);
    }

    [NeedsDockerFact]
    public async Task WithoutRights_SandboxesAreKeptApartByTheEngineAlone_AndTheStatusSaysSo()
    {
        var deployment = Deployment(new SecurityPolicy(), NoRights());
        var (_, address) = await ServingAsync(deployment);

        var (other, effect) = await StartAsync(deployment);

        Assert.StartsWith("partial: other sandboxes are out of reach, this machine", effect, StringComparison.Ordinal);
        Assert.Contains("you must be root", effect, StringComparison.Ordinal);
        Assert.NotEqual(0, (await FetchAsync(other, address, 8000)).ExitCode);
    }

    [NeedsDockerFact]
    public async Task WithoutRights_WhereThePolicyRequiresThem_AStartIsRefusedWithTheReason()
    {
        var deployment = Deployment(new SecurityPolicy { Network = "required" }, NoRights());
        var sandbox = DockerHarness.GivenSandbox(spec => spec with { Network = NetworkMode.Bridge });

        var error = DockerHarness.Failure<SandboxError.StartFailed>(
            await deployment.EnsureStartedAsync(new StartOrder(sandbox, null), new RecordedPhases(), Token));

        Assert.StartsWith(
            "Security:Network is 'required', and the network of a sandbox cannot be kept apart", error.Reason, StringComparison.Ordinal);
        Assert.Empty(await _docker.ContainersAsync(Token));
        Assert.True(
            (await deployment.EnsureStartedAsync(
                new StartOrder(DockerHarness.GivenSandbox(), null), new RecordedPhases(), Token)).TryGet(out var started, out var refused),
            refused?.Text);
        Assert.Equal("none", started.EffectiveNetwork);
    }

    [NeedsDockerFact]
    public async Task Pool_InUse_IsReportedAndTheSandboxStartsWhereThePolicyAllows()
    {
        await using var lan = await LanMachine.StartAsync();
        var taken = $"{lan.Address.Host[..lan.Address.Host.LastIndexOf('.')]}.0/24";

        var networks = Networks(new SecurityPolicy(), pool: taken);

        var (_, effect) = await StartAsync(_docker.NewDeployment(networks));

        Assert.Equal(
            $"open: sandboxes are in the engine's default network, because no addresses of {taken} are free", effect);
        await networks.RemoveUnusedAsync(Token);
        Assert.Empty(await RulesAsync());
    }

    private static void NeedRoot() => Assert.SkipUnless(Environment.IsPrivilegedProcess, "rules of iptables need root");

    private static RecordedTools NoRights()
    {
        const string said = "iptables v1.8.9: Could not fetch rule set generation id: Permission denied (you must be root)";
        return new RecordedTools().Record(["iptables-save", "-t", "mangle"], exitCode: 4, complaint: said);
    }

    private SandboxNetworks Networks(SecurityPolicy policy, IHostTools? tools = null, string? pool = null)
    {
        var options = _docker.Options();
        options.NetworkPool = pool ?? options.NetworkPool;
        return TestDeployment.NetworksOf(_docker.Connect(), options, policy, _clock, tools);
    }

    private DockerDeployment Deployment(SecurityPolicy policy, IHostTools? tools = null) =>
        _docker.NewDeployment(Networks(policy, tools));

    private async Task<(SandboxInstance Sandbox, string Effect)> StartAsync(DockerDeployment deployment)
    {
        var sandbox = DockerHarness.GivenSandbox(spec => spec with { Network = NetworkMode.Bridge });
        var started = await deployment.EnsureStartedAsync(new StartOrder(sandbox, null), new RecordedPhases(), Token);
        Assert.True(started.TryGet(out var value, out var error), error?.Text);
        return (sandbox with { EffectiveNetwork = value.EffectiveNetwork }, value.EffectiveNetwork!);
    }

    private static Task<Result<StartedSandbox>> RestartAsync(DockerDeployment deployment, SandboxInstance sandbox) =>
        deployment.EnsureRestartedAsync(sandbox, new RecordedPhases(), Token);

    /// <summary>A sandbox with a web server on port 8000, and its address.</summary>
    private async Task<(SandboxInstance Sandbox, string Address)> ServingAsync(DockerDeployment deployment)
    {
        var (sandbox, _) = await StartAsync(deployment);
        var (exitCode, said) = await DockerHarness.RunAsync(
            sandbox, "mkdir /w && echo secret >/w/index.html && httpd -p 8000 -h /w", Token);
        Assert.True(exitCode == 0, $"a web server was to be started: {said}");
        return (sandbox, await AddressAsync(sandbox));
    }

    /// <summary>The page that a web server answers with, and 0; else what nc ended with.</summary>
    private static Task<(int ExitCode, string Output)> FetchAsync(SandboxInstance from, string address, int port) => DockerHarness.RunAsync(
        from,
        $"printf 'GET / HTTP/1.0\\r\\n\\r\\n' | nc -w 3 {address} {port} >/tmp/said || exit; tail -n 1 /tmp/said", Token);

    /// <summary>One round of reconciliation.</summary>
    private static async Task RoundAsync(DockerDeployment deployment)
    {
        await deployment.ListAsync(Token);
        await deployment.MaintainAsync(Token);
    }

    private static async Task<string> AddressAsync(SandboxInstance sandbox) =>
        (string)(await NetworkOfAsync(sandbox))["IPAddress"]!;

    private static async Task<string> GatewayAsync(SandboxInstance sandbox) => (string)(await NetworkOfAsync(sandbox))["Gateway"]!;

    private static async Task<System.Text.Json.Nodes.JsonNode> NetworkOfAsync(SandboxInstance sandbox) =>
        Assert.Single((await DockerHarness.InspectAsync(sandbox, Token))!["NetworkSettings"]!["Networks"]!.AsObject()).Value!;

    private async Task<IReadOnlyList<string>> NetworksAsync() => [.. (await _docker.NetworksAsync(Token)).Select(network => network.Name)];

    /// <summary>The node's rules, of both families.</summary>
    private async Task<IReadOnlyList<string>> RulesAsync()
    {
        var chain = $"SANDBOX-{new SandboxNetworkPlan(_docker.Options(), new SecurityPolicy()).Key}";
        var saved = await RunAsync("iptables-save", "-t", "mangle") + await RunAsync("ip6tables-save", "-t", "mangle");
        return [.. saved.Split('\n').Where(line => line.Contains(chain, StringComparison.Ordinal))];
    }

    /// <summary>What a person, or a firewall that is loaded anew, does to the node's rules.</summary>
    private async Task FlushAsync()
    {
        var chain = $"SANDBOX-{new SandboxNetworkPlan(_docker.Options(), new SecurityPolicy()).Key}";
        await RunAsync("iptables", "-w", "-t", "mangle", "-F", chain);
    }

    private static async Task<string> RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(
            new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var said = process.StandardError.ReadToEndAsync(Token);
        var printed = await process.StandardOutput.ReadToEndAsync(Token);
        await process.WaitForExitAsync(Token);
        Assert.True(process.ExitCode == 0, $"{program} {string.Join(' ', arguments)} was to succeed: {await said}");
        return printed;
    }
}
