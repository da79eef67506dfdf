using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Sandbox.Deployments;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Operators;
using Sandbox.Domain.Specs;
using Sandbox.Domain.Stores;
using Sandbox.Node;
using Sandbox.Node.Agents;
using Sandbox.Node.Deployments;
using Sandbox.Node.NodeApi;
using Sandbox.Storage;
using Sandbox.Testing;
using Sandbox.Worker.Tests.Cluster;
using Sandbox.Worker.Tests.Running;

namespace Sandbox.Worker.Tests.Matrix;

/// <summary>A worker of a cluster with its internal port, put together as its program does, and one sandbox that runs on it.</summary>
public sealed class NodeApiServer : IAsyncLifetime
{
    private readonly TempFolder _data = new();
    private WebApplication _app = null!;

    internal HttpClient Http { get; private set; } = null!;

    /// <summary>A key that is good for all of the API.</summary>
    internal string AdminKey { get; } = $"secret-{Guid.NewGuid():N}";

    internal NodeApiCallers Callers { get; private set; } = null!;

    internal SandboxInstance Running { get; private set; } = null!;

    internal ConnectedAgent Agent => Get<AgentGateway>().Find(Running.Id)!;

    internal T Get<T>()
        where T : notnull => _app.Services.GetRequiredService<T>();

    public async ValueTask InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Worker:DataFolder"] = _data.Path,
            ["Worker:NodeName"] = "node-1",
            ["Worker:Deployment"] = "local",
            ["Worker:AllowUnisolated"] = "true",
            ["Worker:ManagedAgent"] = Path.Combine(AppContext.BaseDirectory, "sandbox-agent.dll"),
            ["Cluster:Id"] = "worker-tests",
            ["Cluster:Secret"] = ClusterWorker.Secret,
        });
        builder.Logging.ClearProviders().AddProvider(new TestOutputLogs()).SetMinimumLevel(LogLevel.Information);
        builder.Services.AddStandaloneStorage(_data.File("sandbox.db")).AddSandboxOperator();
        builder.Services.AddClusterNode().AddStoreElection().AddDeployments();
        _app = builder.Build();
        _app.MapNodeApi();
        await _app.StartAsync();
        Http = new HttpClient { BaseAddress = new Uri(Get<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single()) };
        Callers = new NodeApiCallers(Http.BaseAddress.Authority);
        await AddAdminKeyAsync();
        Running = await RunAsync(WorkerHost.Prepare("box"));
    }

    public async ValueTask DisposeAsync()
    {
        // First, because a worker that ends waits until its callers have closed their connections.
        Http.Dispose();
        await _app.StopAsync();
        if (Running is { } box)
        {
            await Get<DeploymentSet>()[DeploymentKind.Local].EnsureGoneAsync(box.Incarnation, CancellationToken.None);
        }

        await _app.DisposeAsync();
        _data.Dispose();
    }

    private async Task AddAdminKeyAsync()
    {
        var tenants = Get<ITenantStore>();
        await tenants.PutAsync(new Tenant(Tenant.Default, TenantQuota.None), CancellationToken.None);
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(AdminKey));
        Assert.True(
            await tenants.TryAddKeyAsync(
                new ApiKey("k", Tenant.Default, "", hash, true, DateTimeOffset.UnixEpoch, null, null), CancellationToken.None));
    }

    private async Task<SandboxInstance> RunAsync(SandboxInstance prepared)
    {
        var sandboxes = Get<ISandboxOperator>();
        Assert.True((await sandboxes.SubmitAsync(prepared, null, CancellationToken.None)).TryGet(out _, out var refused), refused?.Text);
        using var limit = new CancellationTokenSource(WorkerHost.Soon);
        Assert.True((await sandboxes.WaitUntilAliveAsync(prepared.Id, limit.Token)).TryGet(out var record, out var error), error?.Text);
        return record;
    }
}
