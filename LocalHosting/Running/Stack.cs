using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Stores;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Aspire.Hosting.Running;

/// <summary>
/// The floor plan as processes of this machine. Each resource starts when what it waits for is healthy, and stops after whatever
/// waits for it.
/// </summary>
internal sealed class Stack(
    DistributedApplicationModel model, DistributedApplicationExecutionContext context, StateFolder state, Ports ports, TargetFiles targets, PartTools tools) : IAsyncDisposable
{
    private readonly Dictionary<IResource, IReadOnlyList<Part>> _parts = [];
    private readonly Dictionary<IResource, Task> _ready = [];
    private readonly List<EndpointProxy> _proxies = [];
    private readonly CancellationTokenSource _ended = new();
    private readonly TaskCompletionSource _planned = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Resources with processes, in the order of the floor plan.</summary>
    public IEnumerable<(IResource Resource, IReadOnlyList<Part> Parts)> Parts =>
        model.Resources.Where(_parts.ContainsKey).Select(resource => (resource, _parts[resource]));

    public bool IsEnding => _ended.IsCancellationRequested;

    /// <summary>Everything is on its way when it returns, and what cannot work at all is refused.</summary>
    /// <returns>Completes when everything that is started by itself is healthy, has failed, or waits for what failed.</returns>
    /// <exception cref="DistributedApplicationException">A program is missing, a port is taken, a wait can never end.</exception>
    public Task Start()
    {
        NoteAbsences();
        foreach (var resource in model.Resources.Where(resource => Absence.Of(resource) is null))
        {
            Plan(resource);
        }

        foreach (var resource in model.Resources)
        {
            CheckWaits(resource, []);
        }

        tools.Console.Know(_parts.Values.SelectMany(parts => parts).Select(part => part.Id));
        var wholes = model.Resources.Select(resource => _ready[resource] = ReadyAsync(resource)).ToList();
        _planned.SetResult();
        return Task.WhenAll(wholes).ContinueWith(static _ => { }, TaskScheduler.Default);
    }

    public async Task StopAsync()
    {
        await _ended.CancelAsync();
        var stops = new Dictionary<IResource, Task>();
        await Task.WhenAll(model.Resources.Select(resource => StopAsync(resource, stops)));
        foreach (var proxy in _proxies)
        {
            await proxy.DisposeAsync();
        }

        _proxies.Clear();
        targets.Dispose();
    }

    public IResource? ResourceOf(string partId) => Parts.FirstOrDefault(one => one.Parts.Any(part => part.Id == partId)).Resource;

    public IEnumerable<string> CommandsOf(string name) => Find(name).Count > 0
        ? [KnownResourceCommands.StartCommand, KnownResourceCommands.StopCommand, KnownResourceCommands.RestartCommand]
        : [];

    /// <summary>Null: there is no such command of it.</summary>
    public async Task<ExecuteCommandResult?> TryCommandAsync(string name, string command, CancellationToken cancellationToken)
    {
        var parts = Find(name);
        if (!CommandsOf(name).Contains(command))
        {
            return null;
        }

        try
        {
            if (command != KnownResourceCommands.StartCommand)
            {
                await Task.WhenAll(parts.Select(part => part.StopAsync())).WaitAsync(cancellationToken);
            }

            if (command != KnownResourceCommands.StopCommand)
            {
                await Task.WhenAll(parts.Select(part => part.StartAsync(_ended.Token))).WaitAsync(cancellationToken);
            }

            return CommandResults.Success($"{name}: {command} done");
        }
        catch (DistributedApplicationException refused)
        {
            return CommandResults.Failure(refused);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        foreach (var part in _parts.Values.SelectMany(parts => parts))
        {
            part.Dispose();
        }

        _ended.Dispose();
    }

    private IReadOnlyList<Part> Find(string name) =>
        Parts.FirstOrDefault(one => string.Equals(one.Resource.Name, name, StringComparison.OrdinalIgnoreCase)).Parts
        ?? [.. _parts.Values.SelectMany(parts => parts).Where(part => part.Id == name)];

    private void NoteAbsences()
    {
        foreach (var resource in model.Resources)
        {
            switch (resource)
            {
                case PostgresServerResource when PostgresProgram.WhyMissing is { } missing:
                    throw new DistributedApplicationException($"'{resource.Name}' {missing}");
                case RedisResource when RedisProgram.WhyMissing is { } missing:
                    resource.Annotations.Add(new Absence(missing));
                    break;
                case ContainerResource and not PostgresServerResource and not RedisResource:
                    resource.Annotations.Add(new Absence("a container; containers are not run here"));
                    break;
            }
        }
    }

    /// <summary>Ports and processes of a resource, none of them started.</summary>
    private void Plan(IResource resource)
    {
        if (resource is not (ProjectResource or ExecutableResource or PostgresServerResource or RedisResource))
        {
            return;
        }

        var replicas = resource.GetReplicaCount();
        var own = new Dictionary<(int, EndpointAnnotation), int>();
        var parts = new List<Part>();
        foreach (var endpoint in resource.Annotations.OfType<EndpointAnnotation>())
        {
            var port = ports.Take(resource.Name, endpoint.Name, endpoint.Port);
            for (var replica = 0; replica < replicas; replica++)
            {
                own[(replica, endpoint)] = replicas == 1 ? port : ports.TakeFree();
            }

            if (replicas > 1)
            {
                _proxies.Add(new EndpointProxy(port, () => [.. parts.Select((part, replica) => (part, replica)).Where(one => one.part.IsReady).Select(one => own[(one.replica, endpoint)])]));
            }

            endpoint.AllocatedEndpoint = new AllocatedEndpoint(endpoint, "localhost", port, EndpointBindingMode.SingleAddress, targetPortExpression: ModelProgram.PortMark(endpoint));
        }

        targets.Write(resource, replicas, (replica, endpoint) => own[(replica, endpoint)]);
        int PortOf() => own.Values.First();
        IProgram program = resource switch
        {
            PostgresServerResource postgres => new PostgresProgram(postgres, state, PortOf),
            RedisResource redis => new RedisProgram(redis, state, PortOf),
            _ => new ModelProgram(resource, context, (replica, endpoint) => own[(replica, endpoint)]),
        };
        parts.AddRange(Enumerable.Range(0, replicas).Select(replica => new Part(
            replicas == 1 ? resource.Name : $"{resource.Name}-{replica + 1}", replica, resource, program, tools)));
        _parts[resource] = parts;
    }

    private void CheckWaits(IResource resource, IReadOnlyList<IResource> waiters)
    {
        if (waiters.Contains(resource))
        {
            throw new DistributedApplicationException($"these wait for each other: {string.Join(", ", waiters.Select(one => one.Name))}");
        }

        foreach (var wait in Waits(resource))
        {
            if (wait.Resource is ContainerResource && Absence.Of(wait.Resource) is { } absence && wait.Resource is not RedisResource && _parts.ContainsKey(resource))
            {
                throw new DistributedApplicationException($"'{resource.Name}' waits for '{wait.Resource.Name}', which is {absence.Reason}");
            }

            CheckWaits(wait.Resource, [.. waiters, resource]);
        }
    }

    private async Task ReadyAsync(IResource resource)
    {
        await _planned.Task;
        if (!_parts.TryGetValue(resource, out var parts))
        {
            await TellOtherAsync(resource);
            return;
        }

        if (resource.Annotations.OfType<ExplicitStartupAnnotation>().Any())
        {
            await tools.Notifications.PublishUpdateAsync(resource, before => before with { State = KnownResourceStates.NotStarted });
            return;
        }

        foreach (var part in parts)
        {
            await tools.Notifications.PublishUpdateAsync(resource, part.Id, before => before with { State = KnownResourceStates.Waiting });
        }

        try
        {
            await Task.WhenAll(Waits(resource).Select(WaitAsync));
        }
        catch (DistributedApplicationException failed)
        {
            tools.Console.Warn(parts[0].Id, $"is not started: {failed.Message}");
            foreach (var part in parts)
            {
                await tools.Notifications.PublishUpdateAsync(resource, part.Id, before => before with { State = KnownResourceStates.FailedToStart });
            }

            throw new DistributedApplicationException($"'{resource.Name}' is not started", failed);
        }

        await Task.WhenAll(parts.Select(part => part.StartAsync(_ended.Token)));
    }

    private async Task WaitAsync(WaitAnnotation wait)
    {
        await _ready[wait.Resource].WaitAsync(_ended.Token);
        if (wait.WaitType is WaitType.WaitForCompletion)
        {
            foreach (var part in _parts[wait.Resource])
            {
                var exitCode = await part.Ended!.WaitAsync(_ended.Token);
                if (exitCode != wait.ExitCode)
                {
                    throw new DistributedApplicationException($"'{wait.Resource.Name}' ended with {exitCode}");
                }
            }
        }
    }

    /// <summary>Databases are there with their server; what is no process is as it is.</summary>
    private async Task TellOtherAsync(IResource resource)
    {
        if (resource is IResourceWithParent<IResource> child)
        {
            await _ready[child.Parent];
            await tools.Notifications.PublishUpdateAsync(resource, before => before with { State = KnownResourceStates.Running, HealthStatus = HealthStatus.Healthy });
        }
        else if (Absence.Of(resource) is not null)
        {
            await tools.Notifications.PublishUpdateAsync(resource, before => before with { State = KnownResourceStates.NotStarted });
        }
    }

    private Task StopAsync(IResource resource, Dictionary<IResource, Task> stops)
    {
        lock (stops)
        {
            return stops.TryGetValue(resource, out var known) ? known : stops[resource] = StopAfterWaitersAsync();
        }

        async Task StopAfterWaitersAsync()
        {
            await Task.WhenAll(model.Resources.Where(other => Waits(other).Any(wait => wait.Resource == resource || OwnerOf(wait.Resource) == resource)).Select(other => StopAsync(other, stops)));
            if (_parts.TryGetValue(resource, out var parts))
            {
                await Task.WhenAll(parts.Select(part => part.StopAsync()));
            }
        }
    }

    private static IResource? OwnerOf(IResource resource) => (resource as IResourceWithParent<IResource>)?.Parent;

    private static IEnumerable<WaitAnnotation> Waits(IResource resource) => resource.Annotations.OfType<WaitAnnotation>();
}
