using System.Diagnostics;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Sandbox.Contracts.Ids;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Operators;
using Sandbox.Domain.Specs;
using Sandbox.Domain.Stores;
using Sandbox.Node;
using Sandbox.Storage;

namespace Sandbox.Kubernetes.Tests.Running;

/// <summary>A head that runs pods, with its stores on a data folder. A second one on the same folder is its next life.</summary>
internal sealed class KubeHost : IAsyncDisposable
{
    public const string ClusterId = "kube-tests";
    public static readonly TimeSpan Soon = TimeSpan.FromSeconds(60);

    private readonly IHost _host;

    private bool _started;

    private KubeHost(IHost host) => _host = host;

    public ISandboxStore Records => Get<ISandboxStore>();

    public ISandboxOperator Sandboxes => Get<ISandboxOperator>();

    /// <param name="settings">Over the defaults, with their sections.</param>
    public static async Task<KubeHost> StartAsync(
        string folder, FakeCluster cluster, int port, params (string Name, string Value)[] settings)
    {
        var host = Build(folder, cluster.Address, port, settings);
        await host.StartAsync();
        return host;
    }

    public async Task StartAsync()
    {
        await _host.StartAsync();
        _started = true;
    }

    public static KubeHost Build(string folder, string server, int port, params (string Name, string Value)[] settings)
    {
        var secret = Path.Combine(folder, "agent-secret");
        File.WriteAllBytes(secret, [.. Enumerable.Range(0, 32).Select(i => (byte)i)]);
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Worker:DataFolder"] = folder,
            ["Worker:ClusterId"] = ClusterId,
            ["Worker:NodeName"] = "kubernetes",
            ["Worker:AgentListen"] = $"127.0.0.1:{port}",
            ["Worker:AgentSecretFile"] = secret,
            ["Kubernetes:Server"] = server,
            ["Kubernetes:Namespace"] = FakeCluster.Namespace,
            ["Kubernetes:Mode"] = "pod",
            ["Kubernetes:AgentImage"] = "registry.example/agent:1",
            ["Kubernetes:OwnerAddress"] = $"127.0.0.1:{port}",
            ["Kubernetes:RequestsPerSecond"] = "1000",
            ["Kubernetes:Burst"] = "1000",
        });
        builder.Configuration.AddInMemoryCollection(settings.Select(one => KeyValuePair.Create(one.Name, (string?)one.Value)));
        builder.Services.AddStandaloneStorage(Path.Combine(folder, "sandbox.db"));
        builder.Services.AddStandaloneNode().AddKubernetes();
        return new KubeHost(builder.Build());
    }

    public T Get<T>()
        where T : notnull => _host.Services.GetRequiredService<T>();

    public static SandboxInstance Prepare(string id, Func<SandboxSpec, SandboxSpec>? change = null)
    {
        var now = TimeProvider.System.GetUtcNow();
        var spec = new SandboxSpec
        {
            Deployment = DeploymentKind.Kubernetes,
            Image = "python:3.11",
            MemoryBytes = 256 << 20,
            Cpus = 1,
            StartupTimeout = TimeSpan.FromMinutes(5),
            IdleTimeout = TimeSpan.FromMinutes(30),
            RemoveContainer = false,
            AgentGrace = TimeSpan.FromSeconds(60),
        };
        spec = change?.Invoke(spec) ?? spec;
        return new SandboxInstance
        {
            Id = SandboxId.Parse(id),
            Version = 1,
            State = SandboxState.Pending,
            Incarnation = IncarnationId.New(),
            CreatedAt = now,
            TransientDeadline = now + spec.StartupTimeout,
            Phases = [.. SandboxPhase.BeforeStart],
            Spec = spec,
        };
    }

    public async Task<SandboxInstance> SubmitAsync(SandboxInstance prepared, string? registryPassword = null)
    {
        // The head has looked at the cluster before it takes anything.
        await UntilAsync(() => Get<Watching.ClusterView>().Silence is null, "the cluster is known");
        var submitted = await Sandboxes.SubmitAsync(prepared, registryPassword, CancellationToken.None);
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
            using var change = Get<IChangeFeed>().Subscribe(id);
            var record = await Records.FindAsync(id, CancellationToken.None);
            if (record is not null && expected(record))
            {
                return record;
            }

            // A look from time to time: what is expected may depend on more than the record.
            await Task.WhenAny(change.Changed, Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, limit.Token));
            Assert.False(
                limit.IsCancellationRequested,
                $"{id} was expected to be {what}; it is {record?.State} ({record?.Reason}), phases "
                    + $"{string.Join("; ", record?.Phases ?? [])}");
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

    public async ValueTask DisposeAsync()
    {
        if (_started)
        {
            await _host.StopAsync();
        }

        _host.Dispose();
    }
}
