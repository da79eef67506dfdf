using System.Globalization;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace AppHost.Starting;

/// <summary>
/// Says when the whole stack is up, and where. Until then, a part that ends or cannot start ends the stack, with the reason: what
/// depends on it would wait without end.
/// </summary>
internal sealed partial class StackWatch(
    DistributedApplicationModel model, ResourceNotificationService notifications, ResourceLoggerService logs, StartOutcome outcome,
    IHostApplicationLifetime lifetime, ILogger<StackWatch> logger)
    : EarlyBackgroundService
{
    private const int Lines = 3;

    private static readonly TimeSpan LogsWait = TimeSpan.FromSeconds(5);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var parts = model.Resources.Where(resource => resource is ProjectResource or ContainerResource or ExecutableResource)
            .Where(resource => !resource.HasAnnotationOfType<ExplicitStartupAnnotation>()).ToDictionary(resource => resource.Name);
        var waited = parts.Values.Where(part => part.HasAnnotationOfType<HealthCheckAnnotation>()).Select(part => part.Name).ToHashSet();
        await foreach (var change in notifications.WatchAsync(stoppingToken))
        {
            if (!parts.TryGetValue(change.Resource.Name, out var part))
            {
                continue;
            }

            if (HasFailed(change.Snapshot))
            {
                outcome.Failure = await ReasonAsync(change, stoppingToken);
                lifetime.StopApplication();
                return;
            }

            if (change.Snapshot is { HealthStatus: HealthStatus.Healthy, State.Text: var state } && state == KnownResourceStates.Running)
            {
                waited.Remove(part.Name);
            }

            if (waited.Count is 0)
            {
                await TellAsync(stoppingToken);
                return;
            }
        }
    }

    private static bool HasFailed(CustomResourceSnapshot snapshot) => snapshot.State?.Text is { } state
        && (state == KnownResourceStates.FailedToStart
            || ((state == KnownResourceStates.Exited || state == KnownResourceStates.Finished) && snapshot.ExitCode is not (0 or null)));

    private async Task<string> ReasonAsync(ResourceEvent change, CancellationToken cancellationToken)
    {
        var code = change.Snapshot.ExitCode is { } exitCode
            ? $"ended with exit code {exitCode.ToString(CultureInfo.InvariantCulture)}"
            : "could not be started";
        List<string> last = [];
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(LogsWait);
        try
        {
            await foreach (var batch in logs.GetAllAsync(change.ResourceId).WithCancellation(limit.Token))
            {
                last.AddRange(batch.Select(line => line.Content));
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // What was said so far has to do.
        }

        // Each begins with its time, and they come stream by stream.
        var said = last.Order(StringComparer.Ordinal)
            .Select(line => line[(line.IndexOf(' ', StringComparison.Ordinal) + 1)..])
            .Where(line => !string.IsNullOrWhiteSpace(line));
        return $"'{change.Resource.Name}' {code} while the stack was starting: {string.Join(" | ", said.TakeLast(Lines))}";
    }

    private async Task TellAsync(CancellationToken cancellationToken)
    {
        var api = model.Resources.OfType<ProjectResource>().Single(project => project.Name == "api").GetEndpoint("http");
        Log.IsUp(logger, await api.GetValueAsync(cancellationToken) ?? "");
    }

    private static partial class Log
    {
        [LoggerMessage(9121, LogLevel.Information, "The stack is up: SANDBOX_URL={Api} ./sandbox run -- echo hi. Ctrl-C ends all of it")]
        public static partial void IsUp(ILogger logger, string api);
    }
}
