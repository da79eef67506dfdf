using Microsoft.Extensions.Logging;
using Sandbox.Client.Contexts;

namespace AppHost.Starting;

/// <summary>Where the command line finds the stack's API and its key, for as long as the stack runs: a context in the user's
/// configuration.</summary>
internal sealed partial class StackContext(
    FloorSettings floor, ApiAccess access, DistributedApplicationModel model, ILogger<StackContext> logger)
    : EarlyBackgroundService
{
    private readonly ContextFile _file = ContextFile.OfUser();

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var api = model.Resources.OfType<ProjectResource>().Single(project => project.Name == "api").GetEndpoint("http");
        if (await api.GetValueAsync(stoppingToken) is not { } url)
        {
            return;
        }

        var context = access.ContextAt(new Uri(url));
        try
        {
            _file.Put(floor.ContextName, context);
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, stoppingToken)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            _file.Remove(floor.ContextName, context);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            Log.NotWritten(logger, _file.Location, exception.Message);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(
            9122, LogLevel.Warning, "{File} cannot be written, so the command line does not find this stack's API key: {Reason}")]
        public static partial void NotWritten(ILogger logger, string file, string reason);
    }
}
