using Health.Service.Heads;
using Health.Service.Http;
using Health.Service.Members;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;
using Sandbox.Cluster;
using Sandbox.Contracts.Cluster;
using Sandbox.Domain.Heads;

namespace Health.Service;

/// <summary>The services and endpoints of the process that decides which node is the head.</summary>
public static class HealthServiceCollectionExtensions
{
    /// <summary>The port where none is configured, as source document 004 has it.</summary>
    private const string DefaultUrl = "http://127.0.0.1:8080";

    private static readonly string[] UrlKeys = ["urls", "http_ports", "https_ports", "Kestrel:Endpoints"];

    public static WebApplicationBuilder UseDefaultPort(this WebApplicationBuilder builder)
    {
        if (!UrlKeys.Any(key => builder.Configuration.GetSection(key).Exists()))
        {
            builder.WebHost.UseUrls(DefaultUrl);
        }

        return builder;
    }

    /// <summary>Needs the stores of <c>AddHeadStorage</c>.</summary>
    public static IServiceCollection AddHealth(this IServiceCollection services)
    {
        services.AddCluster();
        services.AddOptionsWithValidateOnStart<HealthOptions, HealthOptionsValidator>().BindConfiguration(HealthOptions.Section)
            .PostConfigure<IConfiguration>(
                (options, settings) =>
                    options.Whitelist = options.Whitelist is "" ? settings[HealthOptions.WhitelistKey] ?? "" : options.Whitelist);
        services.AddSingleton<IValidateOptions<HealthOptions>, HealthChecks>();
        services.AddSingleton(provider => Whitelist(provider.GetRequiredService<IOptions<HealthOptions>>().Value));
        services.AddSingleton<IConfigureOptions<KestrelServerOptions>, HealthListener>();
        services.AddHostedService<OnlyInstance>();
        services.AddSingleton<HealthCallers>().AddSingleton<HeadElection>().AddSingleton<HeadRoutes>();
        services.AddSingleton<JoinTokens>().AddSingleton<MemberRoutes>().AddSingleton<EnrollmentEndpoint>();
        return services.AddRouting();
    }

    public static WebApplication MapHealth(this WebApplication app)
    {
        app.UseMiddleware<HealthAuthenticationMiddleware>();
        app.UseRouting();
        var (heads, members) = (app.Services.GetRequiredService<HeadRoutes>(), app.Services.GetRequiredService<MemberRoutes>());
        app.MapPost(HealthRoutes.Register, members.RegisterAsync);
        app.MapGet(HealthRoutes.Nodes, members.ListAsync);
        app.MapPost(HealthRoutes.JoinTokens, members.MakeTokenAsync);
        app.MapPost(HealthRoutes.Join, app.Services.GetRequiredService<EnrollmentEndpoint>().HandleAsync);
        app.MapPost(HealthRoutes.Acquire, heads.AcquireAsync);
        app.MapPost(HealthRoutes.Heartbeat, heads.HeartbeatAsync);
        app.MapGet(HealthRoutes.Current, heads.CurrentAsync);
        return app;
    }

    private static HeadWhitelist Whitelist(HealthOptions options) =>
        HeadWhitelist.TryParse(options.Whitelist, out var whitelist, out var problem)
            ? whitelist : throw new InvalidOperationException(problem);
}
