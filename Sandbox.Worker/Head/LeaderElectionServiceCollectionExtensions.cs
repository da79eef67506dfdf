using System.Net;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;
using Sandbox.Cluster;
using Sandbox.Cluster.Signatures;
using Sandbox.Domain.Stores;
using Sandbox.Node.Leadership;
using Sandbox.Node.Membership;

namespace Sandbox.Worker.Head;

/// <summary>The services by which this process finds out whether it is the head.</summary>
internal static class LeaderElectionServiceCollectionExtensions
{
    /// <summary>By the whitelist and the health service, with a port where others may ask for the outcome.</summary>
    public static IServiceCollection AddHealthElection(this IServiceCollection services, HeadSettings settings)
    {
        services.AddSingleton(settings).AddSingleton<NodeRegistration>().AddSingleton<NodeRole>().AddSingleton<HeadProbe>()
            .AddSingleton<HeadDiscovery>();
        services.AddSingleton(provider => new HealthClient(
            settings,
            settings.JoinToken.Length > 0 ? null : provider.GetRequiredService<ClusterSecret>().Signer(SignaturePurpose.Health),
            provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<StartupElection>().AddSingleton<StartupRoleDecision>();
        services.AddSingleton<StartupRoleService>().AddHostedService(provider => provider.GetRequiredService<StartupRoleService>());
        services.AddSingleton<ILeaderElection>(provider => new HealthElection(
            provider.GetService<ILeaseStore>(), provider.GetRequiredService<NodeRegistration>(),
            provider.GetRequiredService<HealthClient>(),
            provider.GetRequiredService<StartupRoleService>(), provider.GetRequiredService<NodeRole>(),
            provider.GetRequiredService<FatalExit>(),
            provider.GetRequiredService<ILogger<HealthElection>>()));
        services.AddSingleton<RoleRoute>();
        return services.AddSingleton<IConfigureOptions<KestrelServerOptions>, HeadListener>();
    }

    /// <summary>Before anything that wants a proof.</summary>
    public static void UseRole(this WebApplication app)
    {
        if (app.Services.GetService<RoleRoute>() is { } role)
        {
            app.Use((http, next) => role.IsFor(http) ? role.HandleAsync(http) : next(http));
        }
    }

    /// <summary>The head port, on the address of the internal port; added after that one.</summary>
    private sealed class HeadListener(HeadSettings settings, IOptions<NodeOptions> node) : IConfigureOptions<KestrelServerOptions>
    {
        public void Configure(KestrelServerOptions kestrel) =>
            kestrel.Listen(IPEndPoint.Parse(node.Value.Listen).Address, settings.HeadPort);
    }
}
