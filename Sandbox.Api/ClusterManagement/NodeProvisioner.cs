using System.Collections.Immutable;
using Microsoft.Extensions.Options;
using Sandbox.Contracts.Cluster;
using Sandbox.Domain.Stores;
using Sandbox.Serving.Cml;
using Sandbox.Serving.Cml.Clusters;
using Sandbox.Serving.Cml.Rest;

namespace Sandbox.Api.ClusterManagement;

/// <summary>Adds nodes to the cluster and removes them: applications of Cloudera ML, each with a token of its own to join with.</summary>
internal sealed class NodeProvisioner : IDisposable
{
    /// <summary>The variable that makes the node's name that of its application.</summary>
    private const string NodeNameVariable = "Worker__NodeName";

    private readonly ClusterManagementOptions _options;
    private readonly INodeStore _nodes;
    private readonly IMemberStore? _members;
    private readonly TimeProvider _time;
    private readonly CmlSettings? _settings;
    private readonly CmlClient? _client;
    private readonly CmlClusterManager? _manager;

    // The file of the cluster is one process's at a time, and this process has many callers.
    private readonly SemaphoreSlim _changes = new(1);

    public NodeProvisioner(
        IOptions<ClusterManagementOptions> options, IConfiguration configuration, INodeStore nodes, TimeProvider time,
        ILoggerFactory loggers, IMemberStore? members = null)
    {
        (_options, _nodes, _members, _time) = (options.Value, nodes, members, time);
        if (CmlClusterFile.Read(_options, configuration) is { } settings)
        {
            _settings = settings;
            _client = new CmlClient(settings.Connection, time, loggers.CreateLogger<CmlClient>());
            _manager = new CmlDeployment(_client, time, loggers).ManagerOf(settings);
        }
    }

    /// <summary>It is told which cluster it adds nodes to.</summary>
    public bool IsConfigured => _manager is not null;

    private CmlClusterManager Manager => _manager
        ?? throw new InvalidOperationException("This server was not told which cluster it adds nodes to.");

    /// <summary>The applications of the cluster that are nodes, by the names that these have.</summary>
    public IReadOnlyDictionary<string, ClusterApplication> Applications =>
        _settings is not null && new ClusterStateFile(_settings.StateFile).Read() is { } state
            ? state.Workers.AsEnumerable().Concat(state.Head is { } head ? [head] : []).ToDictionary(one => one.Name)
            : ImmutableDictionary<string, ClusterApplication>.Empty;

    /// <summary>Null: the cluster was not started, or is none that was started here.</summary>
    /// <exception cref="InvalidDataException">The file with it cannot be read.</exception>
    public ClusterInfo? FindInfo() => (_options.InfoFile.Length > 0 ? _options.InfoFile : _settings?.InfoFile) is { } file
        ? ClusterInfo.Read(file)
        : null;

    /// <summary>Asks for a node. It is one when its worker has joined.</summary>
    /// <exception cref="CmlException">Cloudera ML refused, failed or was not reached.</exception>
    public async Task<ClusterApplication> AddAsync(string type, double cpu, double memory, CancellationToken cancellationToken)
    {
        var gpus = type is NodeTypes.GpuWorker ? Math.Max(1, _settings!.Cluster.NumGpus) : 0;
        await _changes.WaitAsync(cancellationToken);
        try
        {
            return await Manager.AddWorkerAsync(new WorkerRequest(type, cpu, memory, gpus), VariablesAsync, cancellationToken);
        }
        finally
        {
            _changes.Release();
        }
    }

    /// <summary>Lets a node take nothing new, and removes its application; false: there is none of that id.</summary>
    /// <exception cref="CmlException">Cloudera ML refused, failed or was not reached.</exception>
    public async Task<bool> TryRemoveAsync(string id, CancellationToken cancellationToken)
    {
        await _changes.WaitAsync(cancellationToken);
        try
        {
            if (Applications.Values.FirstOrDefault(application => application.Id == id) is { } application)
            {
                await _nodes.SetDrainingAsync(application.Name, draining: true, cancellationToken);
            }

            return await Manager.TryRemoveWorkerAsync(id, cancellationToken);
        }
        finally
        {
            _changes.Release();
        }
    }

    public void Dispose()
    {
        _client?.Dispose();
        _changes.Dispose();
    }

    private async Task<ImmutableSortedDictionary<string, string>> VariablesAsync(string name, CancellationToken cancellationToken)
    {
        var variables = _options.NodeVariables.ToImmutableSortedDictionary().SetItem(NodeNameVariable, name);
        if (_members is null)
        {
            return variables;
        }

        var token = JoinToken.Make(new JoinTokenRequest { Node = name }, _time.GetUtcNow(), out var secret);
        await _members.AddTokenAsync(token, cancellationToken);
        return variables.SetItem("JOIN_TOKEN", secret);
    }
}
