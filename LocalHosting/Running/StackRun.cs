using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting.Running;

/// <summary>Runs the stack as long as the AppHost runs, and tells where it is reached.</summary>
internal sealed partial class StackRun(
    Stack stack, DistributedApplicationModel model, StateFolder state, ResourceConsole console, ResourceNotificationService notifications,
    ResourceCommandService commands, ProcessGuard guard, ILogger<StackRun> logger) : IHostedService, IAsyncDisposable
{
    private InstanceLock? _lock;
    private ControlSocket? _control;
    private Task _telling = Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _lock = InstanceLock.Take(state);
        console.Say("LocalHosting runs this stack as processes of this machine: no dashboard, and no containers.");
        var settled = stack.Start();
        _control = new ControlSocket(state.ControlSocket, commands);
        _telling = TellAsync(settled);
        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (_lock is null)
        {
            return;
        }

        console.Say("ending …");
        if (_control is not null)
        {
            await _control.DisposeAsync();
        }

        await stack.StopAsync();
        await _telling;
        guard.Dispose();
        console.Say("all processes have ended");
        state.Dispose();
        _lock.Dispose();
        _lock = null;
    }

    /// <summary>A stack whose start failed halfway, or that nobody stopped.</summary>
    public ValueTask DisposeAsync() => new(StopAsync(CancellationToken.None));

    private async Task TellAsync(Task settled)
    {
        try
        {
            await settled;
            if (stack.IsEnding)
            {
                return;
            }

            console.Say("");
            console.Table([["RESOURCE", "STATE", "WHERE"], .. model.Resources.Where(resource => resource is not ParameterResource).SelectMany(RowsOf)]);
            console.Say("");
            console.Say("Ctrl-C ends all of it. From another terminal: ./sandbox up --command RESOURCE COMMAND");
            foreach (var resource in model.Resources.Where(resource => resource.Annotations.OfType<ResourceCommandAnnotation>().Any()))
            {
                console.Say($"  {resource.Name}: {string.Join(", ", resource.Annotations.OfType<ResourceCommandAnnotation>().Select(one => one.Name))}");
            }
        }
        catch (Exception exception) when (exception is InvalidOperationException or IOException)
        {
            Log.NotTold(logger, exception);
        }
    }

    private IEnumerable<string[]> RowsOf(IResource resource)
    {
        var parts = stack.Parts.FirstOrDefault(one => one.Resource == resource).Parts;
        if (Absence.Of(resource) is { } absence)
        {
            return [[resource.Name, "absent", absence.Reason]];
        }

        return parts is null
            ? [[resource.Name, StateOf(resource.Name), resource is PostgresDatabaseResource database ? $"in {database.Parent.Name}" : ""]]
            : parts.Select((part, place) => new[] { part.Id, StateOf(part.Id), place == 0 ? Addresses(resource) : "" });
    }

    private string StateOf(string id) => notifications.TryGetCurrentState(id, out var known)
        ? known.Snapshot.HealthStatus?.ToString() ?? known.Snapshot.State?.Text ?? ""
        : "";

    private static string Addresses(IResource resource) =>
        string.Join("  ", resource.Annotations.OfType<EndpointAnnotation>().OrderByDescending(endpoint => endpoint.IsExternal).Select(endpoint => endpoint.AllocatedEndpoint?.UriString));

    private static partial class Log
    {
        [LoggerMessage(9901, LogLevel.Error, "The state of the stack could not be told")]
        public static partial void NotTold(ILogger logger, Exception exception);
    }
}
