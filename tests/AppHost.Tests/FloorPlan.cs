using Microsoft.Extensions.DependencyInjection;

namespace AppHost.Tests;

/// <summary>The floor plan as it is described, for tests that only look at it.</summary>
internal static class FloorPlan
{
    /// <summary>
    /// The AppHost goes on and starts its stack as soon as it is built, whether the test wants that or not; a builder that is thrown
    /// away meanwhile waits half a minute for the orchestrator. So its start ends where it begins.
    /// </summary>
    public static async Task<IDistributedApplicationTestingBuilder> ReadAsync(params string[] arguments)
    {
        var builder = await DistributedApplicationTestingBuilder.CreateAsync<Projects.AppHost>(
            arguments, TestContext.Current.CancellationToken);
        builder.Eventing.Subscribe<BeforeStartEvent>((_, _) =>
            throw new DistributedApplicationException("A test looks at the floor plan and runs nothing."));
        return builder;
    }

    public static IResource Find(this IDistributedApplicationTestingBuilder builder, string name) =>
        builder.Resources.Single(resource => resource.Name == name);

    public static IEnumerable<string> CommandsOf(this IDistributedApplicationTestingBuilder builder, string name) =>
        builder.Find(name).Annotations.OfType<ResourceCommandAnnotation>().Select(command => command.Name);

    /// <summary>What it would be started with, if every endpoint were at 4001 and listened at 5000.</summary>
    public static async Task<Dictionary<string, string>> EnvironmentAsync(string name, params string[] arguments)
    {
        await using var builder = await ReadAsync(arguments);
        foreach (var endpoint in builder.Resources.SelectMany(resource => resource.Annotations.OfType<EndpointAnnotation>()))
        {
            endpoint.AllocatedEndpoint = new AllocatedEndpoint(
                endpoint, "localhost", 4001, EndpointBindingMode.SingleAddress, targetPortExpression: "5000");
        }

        await using var app = await builder.BuildAsync(TestContext.Current.CancellationToken);
        return await app.VariablesAsync(builder.Find(name));
    }

    public static async Task<Dictionary<string, string>> VariablesAsync(this DistributedApplication app, IResource resource)
    {
        var configuration = await ExecutionConfigurationBuilder.Create(resource).WithEnvironmentVariablesConfig().WithArgumentsConfig()
            .BuildAsync(
                app.Services.GetRequiredService<DistributedApplicationExecutionContext>(),
                cancellationToken: TestContext.Current.CancellationToken);
        return configuration.EnvironmentVariables.ToDictionary(one => one.Key, one => one.Value);
    }
}
