using System.Diagnostics;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Sandbox.Contracts.Ids;
using Sandbox.Deployments;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Operators;
using Sandbox.Domain.Specs;
using Sandbox.Domain.Stores;
using Sandbox.Node;
using Sandbox.Node.Agents;
using Sandbox.Storage;

namespace Sandbox.Worker.Tests.Running;

/// <summary>A whole worker with its stores on a data folder. A second one on the same folder is a server's next life.</summary>
internal sealed class WorkerHost : IAsyncDisposable
{
    public static readonly TimeSpan Soon = TimeSpan.FromSeconds(60);

    private readonly IHost _host;
    private readonly StoreCut _stores;

    private WorkerHost(IHost host, StoreCut stores) => (_host, _stores) = (host, stores);

    public ISandboxStore Records => Get<ISandboxStore>();

    public ISandboxOperator Sandboxes => Get<ISandboxOperator>();

    public IChangeFeed Feed => Get<IChangeFeed>();

    public AgentGateway Gateway => Get<AgentGateway>();

    /// <param name="change">Replaces services: a clock, a deployment.</param>
    /// <param name="settings">Over the defaults, in section <c>Worker</c>.</param>
    public static async Task<WorkerHost> StartAsync(
        string folder, Action<IServiceCollection>? change = null, params (string Name, string Value)[] settings)
    {
        var worker = Build(folder, change, settings);
        await worker.StartAsync();
        return worker;
    }

    public Task StartAsync() => _host.StartAsync();

    /// <summary>All of it, but no loop runs yet.</summary>
    public static WorkerHost Build(
        string folder, Action<IServiceCollection>? change = null, params (string Name, string Value)[] settings) =>
        Build(folder, static services => services.AddStandaloneNode().AddDeployments(), change, settings);

    /// <summary>The same as one node of several; <paramref name="change"/> brings the cluster's nodes and leases.</summary>
    public static WorkerHost BuildCluster(
        string folder, Action<IServiceCollection> change, params (string Name, string Value)[] settings) =>
        Build(folder, static services => services.AddClusterNode().AddStoreElection().AddDeployments(), change, settings);

    private static WorkerHost Build(
        string folder, Action<IServiceCollection> add, Action<IServiceCollection>? change, (string Name, string Value)[] settings)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Worker:DataFolder"] = folder,
            ["Worker:ClusterId"] = "worker-tests",
            ["Worker:NodeName"] = "node-1",
            ["Worker:Deployment"] = "local",
            ["Worker:AllowUnisolated"] = "true",
            // What a test looks at after a stop is done, also on a machine that takes long for it.
            ["Operator:StopWait"] = "00:02:00",
            ["Worker:ManagedAgent"] = Path.Combine(AppContext.BaseDirectory, "sandbox-agent.dll"),
            ["Cluster:Id"] = "worker-tests",
            ["Cluster:Secret"] = Cluster.ClusterWorker.Secret,
        });
        builder.Configuration.AddInMemoryCollection(settings.Select(one => KeyValuePair.Create($"Worker:{one.Name}", (string?)one.Value)));
        builder.Logging.AddProvider(new TestOutputLogs()).SetMinimumLevel(LogLevel.Information);
        builder.Services.AddStandaloneStorage(Path.Combine(folder, "sandbox.db")).AddSandboxOperator();
        add(builder.Services);
        change?.Invoke(builder.Services);
        var stores = new StoreCut();
        stores.Install(builder.Services);
        return new WorkerHost(builder.Build(), stores);
    }

    public T Get<T>()
        where T : notnull => _host.Services.GetRequiredService<T>();

    public static SandboxInstance Prepare(string id, DeploymentKind kind = DeploymentKind.Local, string image = "none")
    {
        var now = TimeProvider.System.GetUtcNow();
        return new SandboxInstance
        {
            Id = SandboxId.Parse(id),
            Version = 1,
            State = SandboxState.Pending,
            Incarnation = IncarnationId.New(),
            CreatedAt = now,
            TransientDeadline = now + TimeSpan.FromMinutes(5),
            Phases = [.. SandboxPhase.BeforeStart],
            Spec = new SandboxSpec
            {
                Deployment = kind,
                Image = image,
                Pull = PullPolicy.Never,
                MemoryBytes = 256 << 20,
                Cpus = 1,
                StartupTimeout = TimeSpan.FromMinutes(5),
                IdleTimeout = TimeSpan.FromMinutes(30),
                RemoveContainer = false,
                AgentGrace = TimeSpan.FromSeconds(60),
            },
        };
    }

    public async Task<SandboxInstance> SubmitAsync(SandboxInstance prepared)
    {
        var submitted = await Sandboxes.SubmitAsync(prepared, null, CancellationToken.None);
        Assert.True(submitted.TryGet(out var record, out var error), error?.Text);
        return record;
    }

    /// <summary>Submits and waits until its agent answers.</summary>
    public async Task<SandboxInstance> RunAsync(SandboxInstance prepared)
    {
        await SubmitAsync(prepared);
        using var limit = new CancellationTokenSource(Soon);
        var alive = await Sandboxes.WaitUntilAliveAsync(prepared.Id, limit.Token);
        Assert.True(alive.TryGet(out var record, out var error), error?.Text);
        return record;
    }

    /// <summary>Waits until the record is as expected.</summary>
    public async Task<SandboxInstance> UntilAsync(SandboxId id, Func<SandboxInstance, bool> expected, string what)
    {
        using var limit = new CancellationTokenSource(Soon);
        while (true)
        {
            using var change = Feed.Subscribe(id);
            var record = await Records.FindAsync(id, CancellationToken.None);
            if (record is not null && expected(record))
            {
                return record;
            }

            // A look from time to time: what is expected may depend on more than the record.
            await Task.WhenAny(change.Changed, Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, limit.Token));
            Assert.False(limit.IsCancellationRequested, $"{id} was expected to be {what}; it is {record?.State} ({record?.Reason})");
        }
    }

    /// <summary>Waits for a fact that no record tells.</summary>
    public static async Task UntilAsync(Func<bool> expected, string what)
    {
        var begun = Stopwatch.GetTimestamp();
        while (!expected())
        {
            Assert.True(Stopwatch.GetElapsedTime(begun) < Soon, $"expected within {Soon}: {what}");
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, CancellationToken.None);
        }
    }

    /// <summary>Runs a shell command through the agent and returns what it wrote.</summary>
    public async Task<string> ExecAsync(SandboxId id, string command)
    {
        var opened = await Gateway.OpenAsync(id, CancellationToken.None);
        Assert.True(opened.TryGet(out var call, out var error), error?.Text);
        using (call)
        {
            return await EnvdExec.RunAsync(call, command);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        _host.Dispose();
    }

    /// <summary>As after kill -9: from here on nothing that it does is written, so its jobs stay claimed and its leases held, and its
    /// connections break. That its loops end as well only keeps two lives from sharing one process.</summary>
    public async Task CrashAsync()
    {
        _stores.Cut();
        using var limit = new CancellationTokenSource(Soon);
        try
        {
            await _host.StopAsync(limit.Token);
        }
        catch (AggregateException)
        {
            // What it wanted to write in the end.
        }

        Assert.All(
            _host.Services.GetServices<IHostedService>().OfType<BackgroundService>(),
            loop => Assert.True(loop.ExecuteTask is null or { IsCompleted: true }, $"{loop} was to end, also while its stores fail"));
        _host.Dispose();
    }
}
