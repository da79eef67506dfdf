using System.Collections.Concurrent;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;

namespace AppHost.Starting;

/// <summary>
/// Where a Prometheus on this machine finds the processes of this run, whose ports are others each time: one file for each replica in
/// <c>deploy/prometheus/targets</c> (or <c>PROMETHEUS_TARGETS</c>), for as long as it runs.
/// </summary>
internal sealed class PrometheusTargets(
    FloorSettings floor, ResourceNotificationService notifications, IHostEnvironment environment, IConfiguration configuration)
    : EarlyBackgroundService
{
    private const string Port = "INTERNAL_PORT";

    private readonly ConcurrentDictionary<string, string> _files = [];
    private readonly string _folder =
        configuration["PROMETHEUS_TARGETS"] ?? Path.GetFullPath("../deploy/prometheus/targets", environment.ContentRootPath);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        DeleteLeftovers();
        try
        {
            await foreach (var change in notifications.WatchAsync(stoppingToken))
            {
                if (change.Snapshot.State?.Text == KnownResourceStates.Running)
                {
                    Write(change);
                }
                else
                {
                    Delete(change.ResourceId);
                }
            }
        }
        finally
        {
            foreach (var resource in _files.Keys)
            {
                Delete(resource);
            }
        }
    }

    private string NameOf(string resource) => $"local-{resource}-{floor.Stack}.yml";

    /// <summary>Of an earlier run of this stack that was killed.</summary>
    private void DeleteLeftovers()
    {
        foreach (var file in Directory.Exists(_folder) ? Directory.GetFiles(_folder, NameOf("*")) : [])
        {
            File.Delete(file);
        }
    }

    private void Write(ResourceEvent change)
    {
        var port = change.Snapshot.EnvironmentVariables.FirstOrDefault(variable => variable.Name == Port)?.Value;
        if (port is null || _files.ContainsKey(change.ResourceId))
        {
            return;
        }

        var file = Path.Combine(Directory.CreateDirectory(_folder).FullName, NameOf(change.ResourceId));

        // Prometheus may look at any moment.
        File.WriteAllText(file + ".new", $"- targets: [\"127.0.0.1:{port}\"]\n");
        File.Move(file + ".new", file, overwrite: true);
        _files[change.ResourceId] = file;
    }

    private void Delete(string resource)
    {
        if (_files.TryRemove(resource, out var file))
        {
            File.Delete(file);
        }
    }
}
