using Microsoft.Extensions.DependencyInjection;
using Sandbox.Contracts.Ids;
using Sandbox.Deployments.Local;
using Sandbox.Domain.Specs;
using Sandbox.Node.Agents;
using Sandbox.Node.Deployments;
using Sandbox.Testing;

namespace Sandbox.Worker.Tests.Running;

/// <summary>Tests of a whole worker whose sandboxes are processes of this machine, with the real agent: they run anywhere.</summary>
public abstract class LocalWorkerTests : IAsyncLifetime
{
    private readonly List<WorkerHost> _workers = [];

    private protected TempFolder Data { get; } = new();

    /// <summary>The worker of the last life.</summary>
    private protected WorkerHost Worker => _workers[^1];

    private protected IDeployment Local => Worker.Get<DeploymentSet>()[DeploymentKind.Local];

    public virtual async ValueTask InitializeAsync() => await StartWorkerAsync();

    private protected async Task<WorkerHost> StartWorkerAsync(
        Action<IServiceCollection>? change = null, params (string Name, string Value)[] settings)
    {
        _workers.Add(WorkerHost.Build(Data.Path, change, settings));
        await Worker.StartAsync();
        return Worker;
    }

    /// <summary>The server dies without a word and is started again.</summary>
    private protected async Task<WorkerHost> CrashAndStartAsync(params (string Name, string Value)[] settings)
    {
        await Worker.CrashAsync();
        return await StartWorkerAsync(settings: settings);
    }

    private protected StepBarrier Hold(string step)
    {
        var gate = new StepBarrier(step);
        Local.AddHook(gate);
        return gate;
    }

    private protected LocalFolder FolderOf(IncarnationId incarnation) => new(Worker.Get<SandboxFolders>().LocalWork(incarnation));

    /// <summary>Every process that was started for this incarnation and lives.</summary>
    private protected static IReadOnlyList<ProcessIdentity> ProcessesOf(IncarnationId incarnation) =>
        [.. ProcFs.WithEnvironment($"{LocalLaunch.Mark}={incarnation}")];

    public async ValueTask DisposeAsync()
    {
        var local = Local;
        await Worker.DisposeAsync();
        foreach (var found in await local.ListAsync(CancellationToken.None))
        {
            await local.EnsureGoneAsync(found.Incarnation, CancellationToken.None);
        }

        Data.Dispose();
        GC.SuppressFinalize(this);
    }
}
