using System.Net;
using Sandbox.Testing;
using Sandbox.Testing.Clusters;
using Sandbox.Testing.Networks;

namespace Sandbox.Attacks.Tests;

/// <summary>What hostile code in a sandbox reaches by the network, with the default policy.</summary>
[Collection(nameof(AttackCollection))]
public sealed class NetworkTests(AttackedCluster attacked) : IAsyncLifetime
{
    private readonly TestSandboxes _sandboxes = new("net");

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await _sandboxes.DisposeAsync();
    }

    [NeedsDockerFact]
    public async Task WebServer_OfAnotherTenantsSandbox_CannotBeRead()
    {
        await StartAsync(attacked.Red, "net-red");
        await StartAsync(attacked.Mallory, "net-mallory");
        await attacked.Red.ExecuteAsync("net-red", "mkdir /w && echo secret >/w/index.html && httpd -p 8000 -h /w");
        var address = (await attacked.Red.ExecuteAsync("net-red", "ip -4 -o addr show eth0 | awk '{print $4}' | cut -d/ -f1")).Trim();

        var said = await FetchAsync(attacked.Mallory, "net-mallory", address, 8000);

        Assert.Equal("failed", said);
        Assert.Equal("secret", await FetchAsync(attacked.Red, "net-red", "127.0.0.1", 8000));
    }

    [NeedsDockerFact]
    public async Task ServicesOfTheMachine_CannotBeReached_ByAnyOfItsAddresses()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "rules of iptables need root");
        using var service = new HostListener(IPAddress.Any);
        await StartAsync(attacked.Mallory, "net-host");
        var gateway = (await attacked.Mallory.ExecuteAsync("net-host", "ip route | awk '/^default/{print $3}'")).Trim();

        foreach (var address in (string[])[gateway, "172.17.0.1", "169.254.169.254"])
        {
            Assert.Equal("failed", await FetchAsync(attacked.Mallory, "net-host", address, service.Port));
        }

        Assert.Equal(0, service.Connections);
        Assert.Equal("isolated", (await attacked.Mallory.StatusAsync("net-host")).GetProperty("network_isolation").GetString());
    }

    private async Task StartAsync(RockCaller owner, string id)
    {
        _sandboxes.Add(owner, id);
        await owner.RunAsync(id, ("network", "bridge"));
    }

    /// <summary>The page that a web server answers with, or "failed".</summary>
    private static async Task<string> FetchAsync(RockCaller owner, string from, string address, int port)
    {
        var ask = $"printf 'GET / HTTP/1.0\\r\\n\\r\\n' | nc -w 3 {address} {port} >/tmp/said 2>&1";
        return (await owner.ExecuteAsync(from, $"{ask} && tail -n 1 /tmp/said || echo failed")).Trim();
    }
}
