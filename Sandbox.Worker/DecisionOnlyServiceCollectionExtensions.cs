using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Sandbox.Cluster;
using Sandbox.Node;
using Sandbox.Node.Leadership;
using Sandbox.Node.Leases;
using Sandbox.Node.Membership;
using Sandbox.Worker.Head;

namespace Sandbox.Worker;

/// <summary>The services of a node that decides whether it is the head, stays it while it may, and runs nothing: to try a whitelist and
/// a health service out. It needs no store and no data folder; with a join token, not even the cluster's secret.</summary>
public static class DecisionOnlyServiceCollectionExtensions
{
    private const string Key = $"{WorkerOptions.Section}:OnlyDecides";

    public static bool OnlyDecides(this IConfiguration settings) => settings.GetValue(Key, defaultValue: false);

    /// <exception cref="OptionsValidationException">A variable cannot be.</exception>
    public static IServiceCollection AddDecisionOnly(this IServiceCollection services, IConfiguration settings)
    {
        var head = HeadSettings.Read(settings);
        services.TryAddSingleton(TimeProvider.System);
        services.AddOptions<WorkerOptions>().BindConfiguration(WorkerOptions.Section);
        services.AddOptionsWithValidateOnStart<NodeOptions, NodeOptionsValidator>().BindConfiguration(WorkerOptions.Section);
        services.AddSingleton<IValidateOptions<NodeOptions>, NodeChecks>();
        if (head.JoinToken.Length == 0)
        {
            services.AddCluster();
        }

        services.AddSingleton<NodeIdentity>().AddSingleton<NodeAddress>().AddSingleton<FatalExit>();
        services.AddSingleton<LeaderLease>().AddHostedService(provider => provider.GetRequiredService<LeaderLease>());
        services.AddSingleton<ILeaderLease>(provider => provider.GetRequiredService<LeaderLease>());
        return services.AddHealthElection(head);
    }

    public static void MapDecisionOnly(this WebApplication app) => app.UseRole();
}
