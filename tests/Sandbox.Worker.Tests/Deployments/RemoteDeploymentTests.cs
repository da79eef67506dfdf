using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Policies;
using Sandbox.Domain.Specs;
using Sandbox.Node.Reconciliation;
using Sandbox.Testing;
using Sandbox.Worker.Tests.Running;

namespace Sandbox.Worker.Tests.Deployments;

public sealed class RemoteDeploymentTests : IAsyncLifetime
{
    private const string Token = "0123456789abcdef0123456789abcdef";

    private readonly TempFolder _data = new();
    private readonly int _port = ReservedPorts.Next();
    private System.Diagnostics.Process? _agent;
    private WorkerHost _worker = null!;

    public async ValueTask InitializeAsync()
    {
        await File.WriteAllTextAsync(_data.File("tokens"), $"127.0.0.1:1 {new string('x', 32)}\n127.0.0.1:{_port} {Token}\n");
        _worker = await WorkerHost.StartAsync(_data.Path, Allow, ("RemoteTokenFile", _data.File("tokens")));
    }

    [Fact]
    public async Task Sandbox_AgentRunsElsewhere_IsUsedAndLeftRunning()
    {
        await StartAgentAsync();
        var record = await _worker.RunAsync(Prepare("there"));

        Assert.Equal("1\n", await _worker.ExecAsync(record.Id, "echo 1"));

        var stopped = await _worker.Sandboxes.StopAsync(record.Id, StopReason.Asked, CancellationToken.None);
        Assert.True(stopped.TryGet(out _, out var error), error?.Text);
        Assert.False(_agent!.HasExited, "a stop only lets go of an agent elsewhere");
    }

    [Fact]
    public async Task Start_OnANodeWhosePolicyForbidsIt_FailsAndDialsNobody()
    {
        using var listener = new TcpListener(IPAddress.Loopback, _port);
        listener.Start();
        using var data = new TempFolder();
        await using var worker = await WorkerHost.StartAsync(data.Path, null, ("RemoteTokenFile", _data.File("tokens")));
        await worker.SubmitAsync(Prepare("there"));

        using var limit = new CancellationTokenSource(WorkerHost.Soon);
        var answer = await worker.Sandboxes.WaitUntilAliveAsync(Prepare("there").Id, limit.Token);

        Assert.False(answer.TryGet(out _, out var error));
        Assert.Equal(
            "This server does not allow sandboxes at this remote agent (Security:AllowedRemoteHosts).",
            Assert.IsType<SandboxError.StartFailed>(error).Reason);
        Assert.False(listener.Pending(), "a node was not to dial what its own policy forbids");
    }

    [Fact]
    public async Task Start_NobodyListensThere_FailsWithThatReason()
    {
        await _worker.SubmitAsync(Prepare("there"));

        using var limit = new CancellationTokenSource(WorkerHost.Soon);
        var answer = await _worker.Sandboxes.WaitUntilAliveAsync(Prepare("there").Id, limit.Token);

        Assert.False(answer.TryGet(out _, out var error));
        Assert.Contains(
            $"no agent answers on 127.0.0.1:{_port}", Assert.IsType<SandboxError.StartFailed>(error).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Agent_SilentForTooLong_IsLostWithThatReason_AndNotBefore()
    {
        await StartAgentAsync();
        var time = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        using var data = new TempFolder();
        await using var worker = WorkerHost.Build(
            data.Path, services =>
                services.AddSingleton<TimeProvider>(time), ("RemoteTokenFile", _data.File("tokens")), ("RemoteLostAfter", "00:01:30"));
        var pending = await worker.SubmitAsync(Prepare("there"));
        Assert.True(SandboxTransitions.Alive(pending, time.GetUtcNow()).TryGet(out var alive, out var error), error?.Text);
        Assert.True(
            await worker.Records.TryTransitionAsync(alive with { Next = alive.Next with { HostName = "node-1" } }, CancellationToken.None),
            "it was to run");

        await LookAsync();
        Assert.Equal(SandboxState.Running, (await FoundAsync()).State);
        _agent!.Kill(entireProcessTree: true);
        await _agent.WaitForExitAsync(TestContext.Current.CancellationToken);
        await LookAsync();
        time.Advance(TimeSpan.FromSeconds(89));
        await LookAsync();
        Assert.True((await FoundAsync()).State is SandboxState.Running, "an agent may be away for 90 s");
        time.Advance(TimeSpan.FromSeconds(1));
        await LookAsync();

        var lost = await FoundAsync();
        Assert.Equal((SandboxState.Stopped, SandboxEvent.Lost), (lost.State, lost.History[^1].On));
        Assert.StartsWith($"its agent on 127.0.0.1:{_port} has not answered for 90 s: ", lost.Reason, StringComparison.Ordinal);

        async Task<SandboxInstance> FoundAsync() => (await worker.Records.FindAsync(pending.Id, CancellationToken.None))!;

        Task LookAsync()
        {
            worker.Get<ExpectedSandboxes>().ReadAllNext();
            return worker.Get<Reconciler>().RunAsync(CancellationToken.None);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _worker.DisposeAsync();
        _agent?.Kill(entireProcessTree: true);
        _agent?.Dispose();
        _data.Dispose();
    }

    private static void Allow(IServiceCollection services) =>
        services.Configure<SecurityPolicy>(policy => policy.AllowedRemoteHosts = ["127.0.0.1"]);

    private SandboxInstance Prepare(string id)
    {
        var prepared = WorkerHost.Prepare(id, DeploymentKind.Remote);
        return prepared with { Spec = prepared.Spec with { Remote = new RemoteAgent("http://127.0.0.1", _port, TimeSpan.FromSeconds(5)) } };
    }

    private async Task StartAgentAsync()
    {
        await File.WriteAllTextAsync(_data.File("token"), Token);
        _agent = System.Diagnostics.Process.Start(
            Environment.ProcessPath ?? "dotnet",
            [Path.Combine(AppContext.BaseDirectory, "sandbox-agent.dll"), "--listen", $"127.0.0.1:{_port}", "--token-file",
                _data.File("token")]);
        await WorkerHost.UntilAsync(IsListening, $"the agent listens on port {_port}");
    }

    private bool IsListening()
    {
        try
        {
            using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
            socket.Connect(IPAddress.Loopback, _port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
