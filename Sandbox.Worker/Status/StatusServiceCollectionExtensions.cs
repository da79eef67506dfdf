using System.Net;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;
using Sandbox.Node.Membership;
using Sandbox.Node.NodeApi;
using Sandbox.Worker.Head;

namespace Sandbox.Worker.Status;

/// <summary>What a node shows to people beside its head port: the status page, and the API through the node that is the head. Both
/// are open only to callers with a key that the API takes, and are there only where <see cref="ApiKey"/> says where the API is.</summary>
internal static class StatusServiceCollectionExtensions
{
    public const string ApiKey = "API_URL";

    /// <exception cref="OptionsValidationException">The API's address is none.</exception>
    public static IServiceCollection AddStatus(this IServiceCollection services, IConfiguration settings)
    {
        if (settings[ApiKey] is not { Length: > 0 } text)
        {
            return services;
        }

        var address = Uri.TryCreate(text, UriKind.Absolute, out var api) && api.Scheme == Uri.UriSchemeHttp
            ? api
            : throw new OptionsValidationException(ApiKey, typeof(Uri), [$"{ApiKey}: must be like http://api:8080."]);
        services.AddSingleton(
            provider => new ApiAuthorizationClient(
                address, provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<ApiAuthorizationClient>>()));
        services.AddSingleton<LogTail>().AddSingleton<ILoggerProvider>(provider => provider.GetRequiredService<LogTail>());
        services.AddSingleton<INodeLog>(provider => provider.GetRequiredService<LogTail>());
        services.AddSingleton<HeadApiProxy>().AddSingleton<NodeLogs>().AddSingleton<StatusPage>();
        return services.AddSingleton<IConfigureOptions<KestrelServerOptions>, Listeners>();
    }

    /// <summary>Before anything that wants a proof.</summary>
    public static void UseStatus(this WebApplication app)
    {
        if (app.Services.GetService<StatusPage>() is not { } page)
        {
            return;
        }

        var (headApi, ports) = (app.Services.GetRequiredService<HeadApiProxy>(), app.Services.GetRequiredService<HeadSettings>());
        app.Use((http, next) =>
            http.Connection.LocalPort == ports.DashboardPort ? page.HandleAsync(http)
            : http.Connection.LocalPort == ports.ClientPort ? headApi.HandleAsync(http)
            : next(http));
    }

    /// <summary>On the address of the internal port.</summary>
    private sealed class Listeners(HeadSettings settings, IOptions<NodeOptions> node) : IConfigureOptions<KestrelServerOptions>
    {
        public void Configure(KestrelServerOptions kestrel)
        {
            var address = IPEndPoint.Parse(node.Value.Listen).Address;
            kestrel.Listen(address, settings.DashboardPort);
            kestrel.Listen(address, settings.ClientPort);
        }
    }
}
