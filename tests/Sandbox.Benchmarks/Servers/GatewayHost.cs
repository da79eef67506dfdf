using System.Collections.Immutable;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Sandbox.Api;
using Sandbox.Deployments;
using Sandbox.Node;
using Sandbox.Serving.Routing;
using Sandbox.Storage;
using Sandbox.Testing;

namespace Sandbox.Benchmarks.Servers;

/// <summary>An API that serves models whose engines run already, as a program: what this one is when it is started with
/// <see cref="Verb"/>.</summary>
internal static class GatewayHost
{
    public const string Verb = "--gateway-host";

    /// <summary>Before the address, on a line of its own.</summary>
    public const string Ready = "listening on ";

    /// <param name="arguments">The data folder, the agent's program, then models, each as <c>name=address,address</c>.</param>
    public static async Task RunAsync(string[] arguments)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Worker:DataFolder"] = arguments[0],
            ["Worker:ClusterId"] = "gateway-benchmark",
            ["Worker:NodeName"] = "node-1",
            ["Worker:Deployment"] = "local",
            ["Worker:AllowUnisolated"] = "true",
            ["Worker:ManagedAgent"] = arguments[1],
            ["Api:MaxRequestsPerSecond"] = "1000000",
            ["Gateway:MaxOutstanding"] = "10000",
        });
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddStandaloneStorage(Path.Combine(arguments[0], "sandbox.db")).AddStandaloneNode().AddDeployments().AddApi();

        // After the API's own, so that these count.
        builder.Services.AddSingleton<IModelCatalog>(new FixedCatalog([.. arguments[2..].Select(ModelOf)]))
            .AddSingleton<IReplicaConnector, TcpReplicaConnector>();
        await using var app = builder.Build();
        app.MapApi();
        await app.StartAsync();
        Console.WriteLine($"{Ready}{app.Urls.Single()}");
        await app.WaitForShutdownAsync();
    }

    private static OfferedModel ModelOf(string argument)
    {
        var (name, addresses) = (argument.Split('=')[0], argument.Split('=')[1].Split(','));
        return new OfferedModel(
            name, Tenant: null, ImmutableDictionary<string, double>.Empty,
            [.. addresses.Select((address, number) => new Replica($"{name}-{number}", new Uri(address)))], CanWake: false);
    }
}
