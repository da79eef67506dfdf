using Aspire.Hosting.Eventing;
using Aspire.Hosting.Lifecycle;
using Microsoft.Extensions.Configuration;

namespace AppHost.Starting;

/// <summary>
/// What Aspire does not look at before it starts a stack, each refused with one line. The checks in their order: what is cheap and says
/// the most comes first.
/// </summary>
internal sealed class StartChecks(
    FloorSettings floor, StackLock stackLock, ContainerEngine engine, StoreImages images, IConfiguration configuration)
    : IDistributedApplicationEventingSubscriber
{
    public Task SubscribeAsync(
        IDistributedApplicationEventing eventing, DistributedApplicationExecutionContext executionContext,
        CancellationToken cancellationToken)
    {
        eventing.Subscribe<BeforeStartEvent>((start, token) => CheckAsync(start.Model, token));
        return Task.CompletedTask;
    }

    private async Task CheckAsync(DistributedApplicationModel model, CancellationToken cancellationToken)
    {
        stackLock.Take(floor.NodesFolder);
        FixedPorts.Check(model, configuration);
        await Passwords.CheckAsync(model, cancellationToken);
        var containers = model.Resources.OfType<ContainerResource>()
            .Where(container => !container.HasAnnotationOfType<ExplicitStartupAnnotation>())
            .ToList();
        if (containers.Count > 0)
        {
            await engine.CheckAsync(cancellationToken);
            await images.EnsureAsync(containers, cancellationToken);
            await engine.CheckVolumesAsync(containers, cancellationToken);
        }
    }
}
