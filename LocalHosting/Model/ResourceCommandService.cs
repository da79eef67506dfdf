using Aspire.Hosting.Running;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting.ApplicationModel;

/// <summary>Does what a person asks of a resource: start, stop and restart of any, and what the floor plan adds.</summary>
public class ResourceCommandService
{
    private readonly DistributedApplicationModel _model;
    private readonly IServiceProvider _services;

    internal ResourceCommandService(DistributedApplicationModel model, IServiceProvider services) => (_model, _services) = (model, services);

    public Task<ExecuteCommandResult> ExecuteCommandAsync(IResource resource, string commandName, CancellationToken cancellationToken = default) =>
        ExecuteCommandAsync(resource.Name, commandName, cancellationToken);

    /// <param name="resourceId">A resource's name, or a replica's.</param>
    public async Task<ExecuteCommandResult> ExecuteCommandAsync(string resourceId, string commandName, CancellationToken cancellationToken = default)
    {
        var stack = _services.GetRequiredService<Stack>();
        var resource = _model.Resources.FirstOrDefault(one => string.Equals(one.Name, resourceId, StringComparison.OrdinalIgnoreCase))
            ?? stack.ResourceOf(resourceId);
        if (resource is null)
        {
            return CommandResults.Failure($"There is no resource '{resourceId}'; there are: {string.Join(", ", _model.Resources.Select(one => one.Name))}.");
        }

        if (resource.Annotations.OfType<ResourceCommandAnnotation>().FirstOrDefault(one => one.Name == commandName) is { } command)
        {
            return await command.ExecuteCommand(new ExecuteCommandContext
            {
                Services = _services,
                ResourceName = resourceId,
                CancellationToken = cancellationToken,
                Logger = _services.GetRequiredService<ILoggerFactory>().CreateLogger(resource.Name),
                Arguments = new InteractionInputCollection([]),
            });
        }

        return await stack.TryCommandAsync(resourceId, commandName, cancellationToken)
            ?? CommandResults.Failure($"'{resourceId}' has no command '{commandName}'; it has: {string.Join(", ", CommandsOf(resource, stack))}.");
    }

    private static IEnumerable<string> CommandsOf(IResource resource, Stack stack) =>
        resource.Annotations.OfType<ResourceCommandAnnotation>().Select(one => one.Name).Concat(stack.CommandsOf(resource.Name)).DefaultIfEmpty("none");
}
