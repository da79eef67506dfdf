using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Sandbox.Deployments.Local;
using Sandbox.Deployments.Tools;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Policies;
using Sandbox.Domain.Specs;
using Sandbox.Testing;
using Sandbox.Testing.Networks;
using Sandbox.Worker.Tests.Running;

namespace Sandbox.Worker.Tests.Local;

/// <summary>What a Local sandbox reaches of its machine and beyond.</summary>
public sealed class LocalNetworkTests : LocalWorkerTests
{
    [Fact]
    public async Task KeylessServer_OnLoopback_IsOutOfReach()
    {
        await NeedBubblewrapAsync();
        using var api = new HostListener(IPAddress.Loopback);
        var record = await Worker.RunAsync(WorkerHost.Prepare("box"));

        Assert.Equal("refused\n", await ConnectAsync(record, "127.0.0.1", api.Port));
        Assert.Equal("refused\n", await ConnectAsync(record, "10.0.2.2", api.Port));
        Assert.Equal(0, api.Connections);
    }

    [Fact]
    public async Task Service_OnAnAddressOfTheMachine_IsOutOfReach()
    {
        await NeedBubblewrapAsync();
        await using var lan = await LanMachine.StartAsync();
        using var service = new HostListener(IPAddress.Any);
        var record = await Worker.RunAsync(WorkerHost.Prepare("box"));

        // The machine's own address in that network.
        Assert.Equal("refused\n", await ConnectAsync(record, lan.Address.Host[..^1] + "1", service.Port));
        Assert.Equal("refused\n", await ConnectAsync(record, lan.Address.Host, lan.Address.Port));
        Assert.Equal(0, service.Connections);
    }

    [Fact]
    public async Task AbstractSocket_OfTheMachine_IsNotThere()
    {
        await NeedBubblewrapAsync();
        var name = $"sandbox-test-{Guid.NewGuid():N}";
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint($"\0{name}"));
        Assert.Contains(name, await File.ReadAllTextAsync("/proc/net/unix"), StringComparison.Ordinal);
        var record = await Worker.RunAsync(WorkerHost.Prepare("box"));

        Assert.DoesNotContain(name, await Worker.ExecAsync(record.Id, "cat /proc/net/unix"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Network_OfItsOwn_HasAWayOutToWhatThePolicyOpens_AndEndsWithTheSandbox()
    {
        await NeedBubblewrapAsync();
        await using var lan = await LanMachine.StartAsync();
        await Worker.CrashAsync();
        await StartWorkerAsync(
            services => services.Configure<SecurityPolicy>(policy => policy.AllowedNetworks = [$"{lan.Address.Host}/32"]));

        var record = await Worker.RunAsync(WorkerHost.Prepare("box"));
        Assert.SkipUnless(record.EffectiveNetwork == "isolated", $"needs slirp4netns and iptables: {record.EffectiveNetwork}");

        Assert.Equal("connected\n", await ConnectAsync(record, lan.Address.Host, lan.Address.Port));
        Assert.Equal("nameserver 10.0.2.3\n", await Worker.ExecAsync(record.Id, "cat /etc/resolv.conf"));
        Assert.NotEqual(
            "0\n", await Worker.ExecAsync(record.Id, "iptables -F >/dev/null 2>&1; ip link set tap0 down >/dev/null 2>&1; echo $?"));
        await Worker.Sandboxes.StopAsync(record.Id, StopReason.Asked, CancellationToken.None);
        Assert.Empty(ProcessesOf(record.Incarnation));
    }

    [Fact]
    public async Task SharedMount_OfTheMachine_StaysWhenASandboxGetsItsNetwork()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "only root mounts");
        await NeedBubblewrapAsync();
        using var folder = new TempFolder();
        await using var shared = await SharedMount.MakeAsync(folder.Path);

        var record = await Worker.RunAsync(WorkerHost.Prepare("box"));

        Assert.SkipUnless(record.EffectiveNetwork == "isolated", $"needs slirp4netns and iptables: {record.EffectiveNetwork}");
        Assert.True(shared.IsThere(), $"the start of a sandbox unmounted {shared.Inner} for the whole machine");
    }

    [Fact]
    public async Task WithoutThePrograms_ThereIsNoNetwork_AndTheStatusSaysWhy()
    {
        await NeedBubblewrapAsync();
        await Worker.CrashAsync();
        await StartWorkerAsync(services => services.AddSingleton<IHostTools, NoTools>());

        var record = await Worker.RunAsync(WorkerHost.Prepare("box"));

        Assert.Equal(
            "none, because slirp4netns and iptables are needed and do not work here: sh: exec: slirp4netns: not found",
            record.EffectiveNetwork);
        Assert.Equal("1\n", await Worker.ExecAsync(record.Id, "tail -n +3 /proc/net/dev | grep -c :"));
    }

    [Fact]
    public async Task WithoutBubblewrap_WhereThePolicyRequiresANetworkOfItsOwn_NothingIsStarted()
    {
        var network = new LocalNetwork(
            new NoTools(), Microsoft.Extensions.Options.Options.Create(new SecurityPolicy { Network = "required" }), TimeProvider.System);

        var choice = await network.ChooseAsync(NetworkMode.Bridge, isolation: null, CancellationToken.None);

        Assert.Equal(
            "Security:Network is 'required': open: without bubblewrap a Local sandbox has the machine's own network", choice.Refusal);
    }

    private async Task NeedBubblewrapAsync() =>
        Assert.SkipWhen(await Worker.Get<Bubblewrap>().FindAsync() is null, "bubblewrap is missing or does not work here");

    private Task<string> ConnectAsync(SandboxInstance record, string address, int port) => Worker.ExecAsync(
        record.Id, $"bash -c 'exec 3<>/dev/tcp/{address}/{port}' 2>/dev/null && echo connected || echo refused");

    /// <summary>A mount within a shared one, as those of containers are in the engine's folder.</summary>
    private sealed class SharedMount(string outer) : IAsyncDisposable
    {
        public string Inner { get; } = Path.Combine(outer, "inner");

        public static async Task<SharedMount> MakeAsync(string outer)
        {
            var made = new SharedMount(outer);
            await ShellAsync($"mount -t tmpfs sandbox-test '{outer}' && mount --make-shared '{outer}'");
            await ShellAsync($"mkdir '{made.Inner}' && mount -t tmpfs sandbox-test '{made.Inner}'");
            return made;
        }

        public bool IsThere() => File.ReadLines("/proc/self/mountinfo").Any(line => line.Split(' ')[4] == Inner);

        public async ValueTask DisposeAsync() => await ShellAsync($"umount -R '{outer}'");

        private static async Task ShellAsync(string line)
        {
            using var shell = System.Diagnostics.Process.Start("/bin/sh", ["-c", line]);
            await shell.WaitForExitAsync();
            Assert.True(shell.ExitCode == 0, $"'{line}' ended with {shell.ExitCode}");
        }
    }

    /// <summary>A machine on which neither program is installed.</summary>
    private sealed class NoTools : IHostTools
    {
        public Task<ToolOutcome> RunAsync(
            string program, IReadOnlyList<string> arguments, Stream? input, Stream output, CancellationToken cancellationToken) =>
            Task.FromResult(new ToolOutcome(program, 125, "sh: exec: slirp4netns: not found\n"));
    }
}
