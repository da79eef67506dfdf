using System.Collections.Immutable;
using System.Globalization;
using Microsoft.Extensions.Logging;
using Sandbox.Serving.Cml.Configuration;
using Sandbox.Serving.Cml.Rest;

namespace Sandbox.Serving.Cml.Clusters;

/// <summary>A cluster of applications of Cloudera ML: a head and workers. Its state is in a file, so that any process can go on with
/// it.</summary>
public sealed partial class CmlClusterManager(
    CmlClient client, string project, ClusterStateFile file, TimeProvider time, ILogger<CmlClusterManager> logger)
{
    /// <summary>The variable that tells a worker where the head is.</summary>
    public const string HeadAddressVariable = "RAY_HEAD_ADDRESS";

    /// <summary>Starts the head, and when it runs the workers. What fails, or is cancelled, leaves nothing behind. A worker that does
    /// not run in time is a warning.</summary>
    /// <exception cref="CmlConfigurationException">The options cannot be.</exception>
    /// <exception cref="CmlException">A cluster is there already, the head did not run, or a call failed.</exception>
    public async Task<CmlCluster> StartAsync(CmlClusterOptions options, CancellationToken cancellationToken)
    {
        options.Validate();
        using var held = file.Lock();
        if (file.Read() is not null)
        {
            throw new CmlException(CmlError.Refused, $"a cluster was started already ({file.Path}); stop it first");
        }

        var state = new CmlClusterState
        {
            Project = project,
            Name = options.Name,
            Cpu = options.Cpu,
            Memory = options.Memory,
            NumGpus = options.NumGpus,
            WorkerScript = options.WorkerScript,
            WorkerRuntimeIdentifier = (options.WorkerRuntimeIdentifier ?? options.RuntimeIdentifier)!,
            HeadPort = options.HeadPort,
            DashboardPort = options.DashboardPort,
            StartedAt = time.GetUtcNow(),
        };
        try
        {
            state = await StartHeadAsync(state, options, cancellationToken);
            for (var number = 1; number <= options.NumWorkers; number++)
            {
                state = await AddNumberedAsync(state, number, options.WorkerVariables, cancellationToken);
            }

            var warnings = options.WaitReady ? await WaitForWorkersAsync(state, options.Timeout, cancellationToken) : [];
            return new CmlCluster(state, warnings);
        }
        catch (Exception exception)
        {
            Log.StartFailed(logger, exception.Message);
            await RemoveAllAsync(CancellationToken.None);
            throw;
        }
    }

    /// <summary>Adds or removes workers of the start's kind until there are so many.</summary>
    /// <exception cref="CmlException">No cluster was started, or a call failed; what was done until then stays.</exception>
    public async Task<CmlClusterState> ScaleAsync(int workers, WorkerVariables? variables, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(workers);
        using var held = file.Lock();
        var state = Started();
        while (state.Workers.Length > workers)
        {
            state = await RemoveAsync(state, state.Workers[^1], cancellationToken);
        }

        for (var number = 1; state.Workers.Length < workers; number++)
        {
            if (state.Workers.All(worker => worker.Name != NameOf(state, number)))
            {
                state = await AddNumberedAsync(state, number, variables, cancellationToken);
            }
        }

        return state;
    }

    /// <summary>Adds a worker, and does not wait until it runs.</summary>
    /// <exception cref="CmlException">No cluster was started, or the call failed.</exception>
    public async Task<ClusterApplication> AddWorkerAsync(
        WorkerRequest request, WorkerVariables? variables, CancellationToken cancellationToken)
    {
        using var held = file.Lock();
        var state = Started();
        var epoch = time.GetUtcNow().ToUnixTimeSeconds();
        string name;
        do
        {
            name = string.Create(CultureInfo.InvariantCulture, $"ray-{request.NodeType}-{epoch++}");
        }
        while (state.Workers.Any(worker => worker.Name == name));

        return (await AddAsync(state, name, request, variables, cancellationToken)).Workers[^1];
    }

    /// <summary>Removes a worker; false: the cluster has none of that id.</summary>
    /// <exception cref="CmlException">No cluster was started, or the call failed.</exception>
    public async Task<bool> TryRemoveWorkerAsync(string id, CancellationToken cancellationToken)
    {
        using var held = file.Lock();
        var state = Started();
        if (state.Workers.FirstOrDefault(worker => worker.Id == id) is not { } worker)
        {
            return false;
        }

        await RemoveAsync(state, worker, cancellationToken);
        return true;
    }

    /// <summary>How head and workers are. A call that fails is told as the state of what was asked for.</summary>
    public async Task<CmlClusterStatus> GetStatusAsync(CancellationToken cancellationToken)
    {
        if (file.Read() is not { } state)
        {
            return new CmlClusterStatus("not_started", null, null, []);
        }

        var head = state.Head is null ? null : await StatusOfAsync(state.Head, cancellationToken);
        var workers = await Task.WhenAll(state.Workers.Select(worker => StatusOfAsync(worker, cancellationToken)));
        return new CmlClusterStatus(
            head is { IsRunning: true } ? "running" : "error", head, state.HeadAddress, [.. workers]);
    }

    /// <summary>Deletes head and workers. What could not be deleted is kept for the next call.</summary>
    /// <exception cref="CmlException">Another process changes the cluster now.</exception>
    public async Task<StopClusterResult> StopAsync(CancellationToken cancellationToken)
    {
        using var held = file.Lock();
        return await RemoveAllAsync(cancellationToken);
    }

    private static string NameOf(CmlClusterState state, int worker) =>
        string.Create(CultureInfo.InvariantCulture, $"{state.Name}-worker-{worker}");

    private CmlClusterState Started() => file.Read() is { HeadAddress: not null } state
        ? state
        : throw new CmlException(CmlError.NotFound, "no cluster was started");

    private async Task<CmlClusterState> StartHeadAsync(
        CmlClusterState state, CmlClusterOptions options, CancellationToken cancellationToken)
    {
        var name = $"{state.Name}-head";
        // No GPU, whatever the workers have: it plans and routes.
        var head = new ClusterApplication("", name, options.HeadCpu ?? options.Cpu, options.HeadMemory ?? options.Memory, Gpus: 0);
        var created = await CreateAsync(
            state, head, options.HeadScript, (options.HeadRuntimeIdentifier ?? options.RuntimeIdentifier)!, null, cancellationToken);
        state = state with { Head = head with { Id = created.Id! } };
        file.Write(state);
        Log.Created(logger, name, created.Id!);

        var running = await WaitForAsync(state.Head, options.Timeout, cancellationToken);
        state = state with
        {
            HeadAddress = HeadAddress.Of(
                running.Url ?? created.Url, running.Subdomain ?? created.Subdomain ?? Subdomain.Make(name), state.HeadPort),
            HeadUrl = running.Url ?? created.Url,
        };
        file.Write(state);
        Log.HeadRuns(logger, state.HeadAddress);
        return state;
    }

    private Task<CmlClusterState> AddNumberedAsync(
        CmlClusterState state, int number, WorkerVariables? variables, CancellationToken cancellationToken) => AddAsync(
        state, NameOf(state, number), new WorkerRequest("worker", state.Cpu, state.Memory, state.NumGpus), variables, cancellationToken);

    private async Task<CmlClusterState> AddAsync(
        CmlClusterState state, string name, WorkerRequest request, WorkerVariables? variables, CancellationToken cancellationToken)
    {
        var own = variables is null
            ? ImmutableSortedDictionary<string, string>.Empty
            : await variables(name, cancellationToken);
        var worker = new ClusterApplication("", name, request.Cpu, request.Memory, request.Gpus);
        var created = await CreateAsync(
            state, worker, state.WorkerScript, state.WorkerRuntimeIdentifier,
            own.SetItem(HeadAddressVariable, state.HeadAddress!), cancellationToken);
        state = state with { Workers = [.. state.Workers, worker with { Id = created.Id! }] };
        file.Write(state);
        Log.Created(logger, name, created.Id!);
        return state;
    }

    /// <summary>Notes the name before it asks: an answer that is lost must not leave an application behind.</summary>
    private async Task<CmlApplication> CreateAsync(
        CmlClusterState state, ClusterApplication application, string script, string runtime,
        ImmutableSortedDictionary<string, string>? environment, CancellationToken cancellationToken)
    {
        file.Write(state with { Creating = state.Creating.Add(application.Name) });
        var wanted = new NewApplication(
            application.Name, script, application.Cpu, application.Memory, application.Gpus > 0 ? application.Gpus : null, runtime,
            Subdomain.Make(application.Name))
        {
            Environment = environment,
        };
        return await client.CreateApplicationAsync(project, wanted, cancellationToken);
    }

    private Task<CmlApplication> WaitForAsync(ClusterApplication application, TimeSpan limit, CancellationToken cancellationToken) =>
        new CmlPoller(time).WaitAsync<CmlApplication>(
            $"application {application.Name}", limit,
            async token =>
            {
                var found = await client.GetApplicationAsync(project, application.Id, token);
                return CmlWords.OfApplication(found.Status) switch
                {
                    CmlProgress.Done => (found, ""),
                    CmlProgress.Failed => throw new CmlException(
                        CmlError.Failed, $"application {application.Name} does not run: {CmlWords.Plain(found.Status)}"),
                    _ => ((CmlApplication?)null, CmlWords.Plain(found.Status)),
                };
            },
            cancellationToken);

    private async Task<ImmutableArray<string>> WaitForWorkersAsync(
        CmlClusterState state, TimeSpan limit, CancellationToken cancellationToken)
    {
        var told = await Task.WhenAll(state.Workers.Select(async worker =>
        {
            try
            {
                await WaitForAsync(worker, limit, cancellationToken);
                return null;
            }
            catch (CmlException exception)
            {
                Log.WorkerIsLate(logger, worker.Name, exception.Message);
                return exception.Message;
            }
        }));
        return [.. told.OfType<string>()];
    }

    private async Task<ApplicationStatus> StatusOfAsync(ClusterApplication application, CancellationToken cancellationToken)
    {
        try
        {
            var found = await client.GetApplicationAsync(project, application.Id, cancellationToken);
            return new ApplicationStatus(application.Id, application.Name, CmlWords.Plain(found.Status));
        }
        catch (CmlException exception)
        {
            return new ApplicationStatus(application.Id, application.Name, "unknown", exception.Message);
        }
    }

    private async Task<CmlClusterState> RemoveAsync(
        CmlClusterState state, ClusterApplication worker, CancellationToken cancellationToken)
    {
        await client.DeleteApplicationAsync(project, worker.Id, cancellationToken);
        state = state with { Workers = state.Workers.Remove(worker) };
        file.Write(state);
        Log.Deleted(logger, worker.Name, worker.Id);
        return state;
    }

    /// <summary>Deletes all that the state knows, workers first.</summary>
    private async Task<StopClusterResult> RemoveAllAsync(CancellationToken cancellationToken)
    {
        var (deleted, errors) = (ImmutableArray.CreateBuilder<string>(), ImmutableArray.CreateBuilder<string>());
        if (file.Read() is not { } state)
        {
            return new StopClusterResult(false, [], []);
        }

        foreach (var worker in state.Workers.Reverse())
        {
            if (await TryDeleteAsync(worker.Id))
            {
                state = state with { Workers = state.Workers.Remove(worker) };
            }
        }

        if (state.Head is { } head && await TryDeleteAsync(head.Id))
        {
            state = state with { Head = null };
        }

        foreach (var name in state.Creating)
        {
            if (await TryDeleteNamedAsync(name))
            {
                state = state with { Creating = state.Creating.Remove(name) };
            }
        }

        if (errors.Count == 0)
        {
            file.Delete();
        }
        else
        {
            file.Write(state);
        }

        return new StopClusterResult(errors.Count == 0, deleted.DrainToImmutable(), errors.DrainToImmutable());

        async Task<bool> TryDeleteAsync(string id)
        {
            try
            {
                await client.DeleteApplicationAsync(project, id, cancellationToken);
                deleted.Add(id);
                return true;
            }
            catch (CmlException exception)
            {
                errors.Add(exception.Message);
                return false;
            }
        }

        async Task<bool> TryDeleteNamedAsync(string name)
        {
            try
            {
                var all = true;
                foreach (var application in await client.ListApplicationsAsync(project, cancellationToken))
                {
                    all &= application.Name != name || application.Id is not { } id || await TryDeleteAsync(id);
                }

                return all;
            }
            catch (CmlException exception)
            {
                errors.Add(exception.Message);
                return false;
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(7909, LogLevel.Information, "Made application {Name}: {Id}")]
        public static partial void Created(ILogger logger, string name, string id);

        [LoggerMessage(7910, LogLevel.Information, "The head runs at {Address}")]
        public static partial void HeadRuns(ILogger logger, string address);

        [LoggerMessage(7911, LogLevel.Warning, "Worker {Name} does not run yet: {Reason}")]
        public static partial void WorkerIsLate(ILogger logger, string name, string reason);

        [LoggerMessage(7912, LogLevel.Error, "The cluster did not start and is removed again: {Reason}")]
        public static partial void StartFailed(ILogger logger, string reason);

        [LoggerMessage(7913, LogLevel.Information, "Deleted application {Name}: {Id}")]
        public static partial void Deleted(ILogger logger, string name, string id);
    }
}
