using System.Net;
using Docker.DotNet;
using Docker.DotNet.Models;

namespace Sandbox.Deployments.Docker;

/// <summary>The engine's containers, each verb with the answers that are not failures.</summary>
internal sealed class EngineContainers(EngineConnection engine)
{
    /// <summary>Seconds a stop waits between asking and killing. Short: the caller has asked the agent before.</summary>
    private const uint StopSeconds = 1;

    public async Task<CreateOutcome> CreateAsync(CreateContainerParameters parameters, CancellationToken cancellationToken)
    {
        try
        {
            await engine.CallAsync(
                "create", (client, token) =>
                    client.Containers.CreateContainerAsync(parameters, token), EngineConnection.Answer, cancellationToken);
            return CreateOutcome.Created;
        }
        catch (EngineException refused) when (refused.Status is HttpStatusCode.Conflict)
        {
            return CreateOutcome.NameTaken;
        }
        catch (EngineException refused)
            when (refused.Status is HttpStatusCode.NotFound
                && refused.Message.Contains("no such image", StringComparison.OrdinalIgnoreCase))
        {
            return CreateOutcome.NoImage;
        }
    }

    /// <summary>Starts it; one that runs, no matter who started it, is started.</summary>
    public async Task<ContainerStart> StartAsync(string name, CancellationToken cancellationToken)
    {
        try
        {
            await engine.CallAsync(
                "start", (client, token) =>
                    client.Containers.StartContainerAsync(name, null, token), EngineConnection.Answer, cancellationToken);
            return ContainerStart.Started;
        }
        catch (EngineException refused) when (IsAboutItsNetwork(refused))
        {
            return ContainerStart.NoNetwork;
        }
        catch (EngineException refused) when (refused.Status is HttpStatusCode.NotFound)
        {
            return ContainerStart.Gone;
        }
    }

    /// <summary>Ends it. One that does not run, or is gone, has ended.</summary>
    public async Task StopAsync(string name, CancellationToken cancellationToken)
    {
        try
        {
            var gently = new ContainerStopParameters { WaitBeforeKillSeconds = StopSeconds };
            await engine.CallAsync(
                "stop", (client, token) =>
                    client.Containers.StopContainerAsync(name, gently, token), EngineConnection.Answer, cancellationToken);
        }
        catch (EngineException refused) when (refused.Status is HttpStatusCode.NotFound)
        {
        }
    }

    /// <summary>Null when there is none.</summary>
    public async Task<ContainerInspectResponse?> FindAsync(string name, CancellationToken cancellationToken)
    {
        try
        {
            return await engine.CallAsync(
                "inspect", (client, token) =>
                    client.Containers.InspectContainerAsync(name, token), EngineConnection.Answer, cancellationToken);
        }
        catch (EngineException refused) when (refused.Status is HttpStatusCode.NotFound)
        {
            return null;
        }
    }

    /// <summary>Removes it with its anonymous volumes, running or not. One that is gone, or that the engine is removing
    /// right now (409), is removed.</summary>
    public async Task RemoveAsync(string name, CancellationToken cancellationToken)
    {
        try
        {
            var whole = new ContainerRemoveParameters { Force = true, RemoveVolumes = true };
            await engine.CallAsync(
                "remove", (client, token) =>
                    client.Containers.RemoveContainerAsync(name, whole, token), EngineConnection.Answer, cancellationToken);
        }
        catch (EngineException refused) when (refused.Status is HttpStatusCode.NotFound or HttpStatusCode.Conflict)
        {
        }
    }

    /// <summary>All that carry a label, running or not.</summary>
    public Task<IList<ContainerListResponse>> ListAsync(string label, string value, CancellationToken cancellationToken)
    {
        var ours = new ContainersListParameters
        {
            All = true,
            Filters =
                new Dictionary<string, IDictionary<string, bool>>
                {
                    ["label"] = new Dictionary<string, bool> { [$"{label}={value}"] = true },
                },
        };
        return engine.CallAsync(
            "list", (client, token) => client.Containers.ListContainersAsync(ours, token), EngineConnection.Answer, cancellationToken);
    }

    /// <summary>One look at its use, which the engine takes at once; null when it is gone.</summary>
    public async Task<ContainerStatsResponse?> StatsAsync(string name, CancellationToken cancellationToken)
    {
        var once = new ContainerStatsParameters { Stream = false, OneShot = true };
        var seen = new Seen();
        try
        {
            await engine.CallAsync(
                "stats", (client, token) =>
                    client.Containers.GetContainerStatsAsync(name, once, seen, token), EngineConnection.QuickAnswer, cancellationToken);
            return seen.Stats;
        }
        catch (EngineException refused) when (refused.Status is HttpStatusCode.NotFound)
        {
            return null;
        }
    }

    /// <summary>What it has written, as the engine keeps it, and where the parameters say so what it goes on to write, until it ends; null
    /// when it is gone. The caller disposes it.</summary>
    public async Task<MultiplexedStream?> LogAsync(string name, ContainerLogsParameters part, CancellationToken cancellationToken)
    {
        try
        {
            return await engine.CallAsync(
                "logs", (client, token) =>
                    client.Containers.GetContainerLogsAsync(name, part, token), EngineConnection.Answer, cancellationToken);
        }
        catch (EngineException refused) when (refused.Status is HttpStatusCode.NotFound)
        {
            return null;
        }
    }

    /// <summary>Completes when it does not run any more; false when it is gone.</summary>
    public async Task<bool> WaitAsync(string name, CancellationToken cancellationToken)
    {
        try
        {
            await engine.CallAsync(
                "wait", (client, token) => client.Containers.WaitContainerAsync(name, token), Timeout.InfiniteTimeSpan, cancellationToken);
            return true;
        }
        catch (EngineException refused) when (refused.Status is HttpStatusCode.NotFound)
        {
            return false;
        }
    }

    /// <summary>The network is gone, has no address left, or its bridge no port (the kernel's word is "exchange full").</summary>
    private static bool IsAboutItsNetwork(EngineException refused) =>
        (refused.Status is HttpStatusCode.NotFound && refused.Message.Contains("network ", StringComparison.Ordinal))
        || refused.Message.Contains("no available IPv4 addresses", StringComparison.Ordinal)
        || refused.Message.Contains("exchange full", StringComparison.Ordinal);

    /// <summary>Keeps what it is told; the library's own would tell it later, on another thread.</summary>
    private sealed class Seen : IProgress<ContainerStatsResponse>
    {
        public ContainerStatsResponse? Stats { get; private set; }

        public void Report(ContainerStatsResponse value) => Stats = value;
    }
}

internal enum CreateOutcome
{
    Created,

    /// <summary>There is a container of that name: an earlier attempt's, or somebody else's.</summary>
    NameTaken,

    NoImage,
}

internal enum ContainerStart
{
    Started,

    Gone,

    /// <summary>It is there, and its network cannot take it: gone, or full.</summary>
    NoNetwork,
}
