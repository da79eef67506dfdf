using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using Sandbox.Client.Files;
using Sandbox.Client.Processes;
using Sandbox.Client.Rollouts;
using Sandbox.Client.Wire;
using Sandbox.Contracts.Ids;
using Sandbox.Contracts.Rock;

namespace Sandbox.Client;

/// <summary>
/// Typed client of one server. Every failure that the server states is a <see cref="SandboxClientException"/>. Safe for
/// many calls at once.
/// </summary>
public sealed partial class SandboxClient : IDisposable
{
    /// <summary>How long one look at a status may wait for a change.</summary>
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(20);

    private readonly ServerConnection _server;
    private readonly RockCalls _rock;
    private readonly ManagementCalls _management;

    /// <param name="baseAddress">For example <c>http://127.0.0.1:8080</c>.</param>
    /// <param name="apiKey">Null where the server asks for none.</param>
    public SandboxClient(Uri baseAddress, string? apiKey)
        : this(ServerConnection.NewHandler(null), WithSlash(baseAddress), baseAddress.ToString(), apiKey)
    {
    }

    internal SandboxClient(HttpMessageHandler handler, Uri baseAddress, string name, string? apiKey)
    {
        _server = new ServerConnection(handler, baseAddress, name, apiKey);
        _rock = new RockCalls(_server);
        _management = new ManagementCalls(_server);
    }

    /// <summary>A client of the server that listens on a Unix socket of this machine.</summary>
    public static SandboxClient OverUnixSocket(string path) =>
        new(ServerConnection.NewHandler(path), new Uri("http://localhost/"), path, null);

    /// <summary>Accepts the start and returns at once.</summary>
    public Task<StartResult> StartAsync(StartRequest request, CancellationToken cancellationToken) =>
        _rock.PostAsync(
            "start_async", request, RockJson.Default.StartRequest, RockJson.Default.StartResult, RockCalls.Short, cancellationToken);

    /// <summary>Starts and waits until the sandbox runs; throws with the failed phase when it does not come up.</summary>
    /// <param name="progress">Told of every change on the way.</param>
    public async Task<StatusResult> StartAndWaitAsync(
        StartRequest request, IProgress<StatusResult>? progress, CancellationToken cancellationToken)
    {
        var started = await StartAsync(request, cancellationToken);
        return await WaitUntilAliveAsync(SandboxId.Parse(started.SandboxId ?? ""), progress, cancellationToken);
    }

    /// <summary>Waits, without polling, until the sandbox runs; throws when its start failed or it was stopped.</summary>
    public async Task<StatusResult> WaitUntilAliveAsync(
        SandboxId id, IProgress<StatusResult>? progress, CancellationToken cancellationToken)
    {
        await foreach (var status in WatchStatusAsync(id, cancellationToken))
        {
            progress?.Report(status);
            if (status.IsAlive)
            {
                return status;
            }

            var failed = status.Status?.FirstOrDefault(phase => phase.Value.Status is "failed" or "timeout");
            if (failed is { Key: not null } phase)
            {
                throw new SandboxClientException("5000", $"Sandbox {id} failed to start in phase {phase.Key}: {phase.Value.Message}");
            }

            if (status.State is not ("pending" or "running"))
            {
                throw new SandboxClientException("5000", $"Sandbox {id} is {status.State}{(status.Reason is { } why ? $": {why}" : "")}.");
            }
        }

        throw new SandboxClientException(SandboxClientException.Failed, $"Sandbox {id} vanished while it was awaited.");
    }

    /// <summary>The status now and after each change, until the caller stops reading.</summary>
    public async IAsyncEnumerable<StatusResult> WatchStatusAsync(SandboxId id, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string? seen = null;
        while (true)
        {
            using var request = RockCalls.NewGet($"get_status?sandbox_id={id}&include_all_states=true");
            if (seen is not null)
            {
                request.Headers.IfNoneMatch.Add(new EntityTagHeaderValue(seen));
                request.Headers.Add("Prefer", $"wait={(int)Look.TotalSeconds}");
            }

            var (status, tag) = await _rock.ExchangeAsync(request, RockJson.Default.StatusResult, RockCalls.Short, cancellationToken);
            if (tag is null || tag != seen)
            {
                yield return status;
            }

            seen = tag;
        }
    }

    public async Task<bool> IsAliveAsync(SandboxId id, CancellationToken cancellationToken) =>
        (await _rock.GetAsync($"is_alive?sandbox_id={id}", RockJson.Default.IsAliveResult, cancellationToken)).IsAlive;

    /// <param name="allStates">False: what is neither pending nor running is "not found".</param>
    public Task<StatusResult> StatusAsync(SandboxId id, bool allStates, CancellationToken cancellationToken) =>
        _rock.GetAsync(
            $"get_status?sandbox_id={id}&include_all_states={(allStates ? "true" : "false")}", RockJson.Default.StatusResult,
            cancellationToken);

    /// <summary>A page of what is pending or running, newest first.</summary>
    /// <param name="filter">Exact matches, for example on <c>user_id</c>, <c>image</c>, <c>state</c>.</param>
    /// <param name="page">From 1.</param>
    /// <param name="pageSize">At most 2000.</param>
    public Task<ListResult> ListAsync(
        IReadOnlyDictionary<string, string> filter, int page, int pageSize, CancellationToken cancellationToken) =>
        _rock.GetAsync($"sandboxes?page={page}&page_size={pageSize}{Fields(filter)}", RockJson.Default.ListResult, cancellationToken);

    /// <summary>The status of those of the ids that are pending or running.</summary>
    public async Task<IReadOnlyList<StatusResult>> BatchAsync(IReadOnlyList<SandboxId> ids, CancellationToken cancellationToken)
    {
        var request = new BatchRequest([.. ids.Select(id => id.ToString())]);
        var batch = await _rock.PostAsync(
            "sandboxes/batch", request, RockJson.Default.BatchRequest, RockJson.Default.BatchResult, RockCalls.Short, cancellationToken);
        return batch.Statuses ?? [];
    }

    /// <summary>Stops; a sandbox that was made without an auto-delete delay is deleted with it.</summary>
    public Task StopAsync(SandboxId id, CancellationToken cancellationToken) =>
        _rock.PostAsync(
            "stop", new SandboxIdRequest(id.ToString()), RockJson.Default.SandboxIdRequest, RockJson.Default.String, RockCalls.Short,
            cancellationToken);

    /// <summary>Starts the stopped container again and returns at once; <see cref="WaitUntilAliveAsync"/> waits for it.</summary>
    public Task<StartResult> RestartAsync(SandboxId id, CancellationToken cancellationToken) =>
        _rock.PostAsync(
            "restart", new SandboxIdRequest(id.ToString()), RockJson.Default.SandboxIdRequest, RockJson.Default.StartResult,
            RockCalls.Short, cancellationToken);

    /// <summary>Begins to put a stopped sandbox away and returns at once; a restart takes it out again.</summary>
    public Task ArchiveAsync(SandboxId id, CancellationToken cancellationToken) =>
        _rock.SendAsync(
            RockCalls.NewRequest(HttpMethod.Post, $"sandboxes/{id}/archive"), RockJson.Default.String, RockCalls.Short, cancellationToken);

    /// <summary>Deletes a stopped sandbox for good; deleting what is deleted is a success.</summary>
    public Task DeleteAsync(SandboxId id, CancellationToken cancellationToken) =>
        _rock.SendAsync(
            RockCalls.NewRequest(HttpMethod.Delete, $"sandboxes/{id}"), RockJson.Default.String, RockCalls.Short, cancellationToken);

    /// <summary>Processes inside a sandbox, streamed.</summary>
    public SandboxProcesses Processes(SandboxId id) => new(new EnvdCalls(_server, id));

    /// <summary>The rollout that the server runs, for callers whose key carries its permissions.</summary>
    public RolloutClient Rollouts => new(_server);

    /// <summary>Files inside a sandbox, streamed.</summary>
    public SandboxFiles Files(SandboxId id) => new(new EnvdCalls(_server, id));

    public void Dispose() => _server.Dispose();

    private static Uri WithSlash(Uri address) =>
        address.AbsoluteUri.EndsWith('/') ? address : new Uri(address.AbsoluteUri + "/");
}
