using System.ComponentModel.DataAnnotations;
using System.Net;
using Microsoft.Extensions.Options;
using Sandbox.Domain.Stores;

namespace Sandbox.Node.Membership;

/// <summary>A node among others. Bound from section <c>Worker</c>, beside <see cref="WorkerOptions"/>, checked at start.</summary>
public sealed class NodeOptions
{
    /// <summary>Internal address and port to listen on; port 0: any free one. Default: this machine only.</summary>
    public string Listen { get; set; } = "127.0.0.1:0";

    /// <summary>Where the other processes reach this node, for example <c>http://10.0.0.7:8090</c>; empty: derived from
    /// <see cref="Listen"/>.</summary>
    public string Address { get; set; } = "";

    /// <summary>Address and port where what the container of each sandbox uses is told at <c>/metrics</c>, by the names of cAdvisor, for
    /// example <c>10.0.0.7:8081</c>. No key is asked for, and ids of sandboxes are told: let only Prometheus reach it. Empty:
    /// nowhere.</summary>
    public string ContainerMetrics { get; set; } = "";

    /// <summary>What starts may demand of a node, by name.</summary>
    public IDictionary<string, string> Labels { get; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>What sandboxes may take of this machine.</summary>
    [ValidateObjectMembers]
    public NodeCapacityOptions Capacity { get; } = new();

    /// <summary>The lease of the node's name; a node that cannot renew it for two thirds of this stops acting. Default: as
    /// long as a silent node is not called dead.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:05:00")]
    public TimeSpan Lease { get; set; } = NodeView.DeadAfter;

    /// <summary>Time between two heartbeats. Default 1 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "00:01:00")]
    public TimeSpan Heartbeat { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>While another process has the name, this one stands by and takes it when it is free, instead of ending. For
    /// replicas that are one node together.</summary>
    public bool StandsBy { get; set; }

    /// <summary>At an orderly end of the node its sandboxes end, too, files kept: for a stack on a user's own machine that is to
    /// leave nothing running. Otherwise they go on, and the node's next life takes them up.</summary>
    public bool EndsSandboxes { get; set; }

    /// <summary>The same, and nothing of them is kept, nor of those that were stopped before: for a stack whose database is thrown away
    /// at its end.</summary>
    public bool RemovesSandboxes { get; set; }

    /// <summary>How long calls in flight may go on when the process is told to end. Default 10 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00")]
    public TimeSpan DrainWait { get; set; } = TimeSpan.FromSeconds(10);
}

/// <summary>Null: what the machine has.</summary>
public sealed class NodeCapacityOptions
{
    [Range(0.01, 1_000_000)]
    public double? Cpus { get; set; }

    [Range(1L << 20, long.MaxValue)]
    public long? MemoryBytes { get; set; }

    /// <summary>Null: disk is no reason to place a sandbox elsewhere. A sandbox's limit is what it may grow to (50 GB where
    /// none is given), and few ever do.</summary>
    [Range(0, long.MaxValue)]
    public long? DiskBytes { get; set; }

    [Range(0, 10_000)]
    public double? Gpus { get; set; }
}

[OptionsValidator]
internal sealed partial class NodeOptionsValidator : IValidateOptions<NodeOptions>;

/// <summary>What attributes cannot say.</summary>
internal sealed class NodeChecks : IValidateOptions<NodeOptions>
{
    public ValidateOptionsResult Validate(string? name, NodeOptions options)
    {
        var problems = new List<string>();
        if (!IPEndPoint.TryParse(options.Listen, out _))
        {
            problems.Add("Worker:Listen: an address and a port are needed, for example 0.0.0.0:8090.");
        }

        if (options.ContainerMetrics.Length > 0 && !(IPEndPoint.TryParse(options.ContainerMetrics, out var metrics) && metrics.Port > 0))
        {
            problems.Add("Worker:ContainerMetrics: an address and a port are needed, for example 10.0.0.7:8081.");
        }

        if (options.Address.Length > 0
            && !(Uri.TryCreate(options.Address, UriKind.Absolute, out var address) && address.Scheme == Uri.UriSchemeHttp))
        {
            problems.Add("Worker:Address: must be like http://10.0.0.7:8090.");
        }

        if (options.Heartbeat * 3 > options.Lease)
        {
            problems.Add("Worker:Heartbeat: at least three must fit into Worker:Lease.");
        }

        return problems.Count > 0 ? ValidateOptionsResult.Fail(problems) : ValidateOptionsResult.Success;
    }
}
