using System.Globalization;
using System.Net;
using System.Text;
using Microsoft.Extensions.Options;
using Sandbox.Contracts.Cluster;
using Sandbox.Node.Membership;
using Sandbox.Node.Usage;

namespace Sandbox.Node.NodeApi;

/// <summary>
/// What the container of each sandbox on this node uses, as Prometheus reads it and by the names that cAdvisor gives it, on a port of its
/// own (<see cref="NodeOptions.ContainerMetrics"/>). Measured when it is asked for, no more often than <see cref="NodeUsageMeter"/> does.
/// </summary>
internal sealed class ContainerMetricsEndpoint(NodeUsageMeter meter, IOptions<NodeOptions> options)
{
    private const string Route = "/metrics";

    private static readonly (string Name, string Type, string Help, Func<SandboxUsageSample, double> Value)[] Metrics =
    [
        ("container_cpu_usage_seconds_total", "counter", "CPU time that the container has used.", use => use.CpuSeconds),
        ("container_memory_working_set_bytes", "gauge", "Memory of the container without file cache.", use => use.MemoryBytes),
        ("container_network_receive_bytes_total", "counter", "Bytes that the container has received.", use => use.NetworkReceivedBytes),
        ("container_network_transmit_bytes_total", "counter", "Bytes that the container has sent.", use => use.NetworkSentBytes),
        ("container_fs_reads_bytes_total", "counter", "Bytes that the container has read from disks.", use => use.DiskReadBytes),
        ("container_fs_writes_bytes_total", "counter", "Bytes that the container has written to disks.", use => use.DiskWrittenBytes),
    ];

    private readonly int? _port =
        options.Value.ContainerMetrics is { Length: > 0 } listen ? IPEndPoint.Parse(listen).Port : null;

    public bool IsFor(HttpContext http) => http.Connection.LocalPort == _port;

    public async Task HandleAsync(HttpContext http)
    {
        if (http.Request.Path != Route || !HttpMethods.IsGet(http.Request.Method))
        {
            http.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        var own = (await meter.ReadAsync(http.RequestAborted))[0];
        http.Response.ContentType = "text/plain; version=0.0.4; charset=utf-8";
        await http.Response.WriteAsync(TextOf(own), http.RequestAborted);
    }

    /// <summary>In the text format of Prometheus. The id of a sandbox has no character that would have to be escaped.</summary>
    internal static string TextOf(NodeUsageSample node)
    {
        var text = new StringBuilder();
        Describe("machine_cpu_cores", "gauge", "CPUs of the machine.");
        text.Append(CultureInfo.InvariantCulture, $"machine_cpu_cores {node.Cpus}\n");
        Describe("machine_memory_bytes", "gauge", "Memory of the machine.");
        text.Append(CultureInfo.InvariantCulture, $"machine_memory_bytes {node.MemoryTotalBytes}\n");
        foreach (var metric in Metrics)
        {
            Describe(metric.Name, metric.Type, metric.Help);
            foreach (var sandbox in node.Sandboxes)
            {
                text.Append(CultureInfo.InvariantCulture, $"{metric.Name}{{name=\"{sandbox.SandboxId}\"}} {metric.Value(sandbox)}\n");
            }
        }

        return text.ToString();

        void Describe(string name, string type, string help) => text.Append($"# HELP {name} {help}\n# TYPE {name} {type}\n");
    }
}
