using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Sandbox.Agent.Accounts;
using Sandbox.Agent.Envd;
using Sandbox.Agent.Http;
using Sandbox.Agent.Native;
using Sandbox.Agent.Ports;
using Sandbox.Agent.Processes;
using Sandbox.Agent.Rock;
using Sandbox.Agent.Sessions;
using Sandbox.Agent.Statistics;
using Sandbox.Agent.Transport;
using Sandbox.Agent.Upkeep;

namespace Sandbox.Agent;

/// <summary>The door plate: what the agent consists of, and what it serves.</summary>
internal static class AgentRoom
{
    internal static void AddAgent(this WebApplicationBuilder builder, AgentOptions options)
    {
        builder.Logging.Services.AddSingleton<ILoggerProvider, StderrLoggerProvider>();
        builder.Logging.AddFilter("Microsoft", LogLevel.Error);
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(3));
        builder.Services
            .AddSingleton(options)
            .AddSingleton(TimeProvider.System)
            .AddSingleton<AccountFiles>(_ => new AccountFiles { OwnHome = options.Home })
            .AddSingleton<Reaper>(_ => new Reaper())
            .AddSingleton(services => new Spawner(services.GetRequiredService<Reaper>()))
            .AddSingleton<SandboxEnvironment>()
            .AddSingleton<ProcessTable>()
            .AddSingleton<CommandRunner>()
            .AddSingleton<AgentActivity>()
            .AddSingleton<OwnerPresence>()
            .AddSingleton<AgentCalls>()
            .AddSingleton<TokenGate>()
            .AddSingleton<ProcessFace>()
            .AddFilesAndSessions();
        builder.AddTransport(options);
        builder.Services
            .AddSingleton<ProcessEnding>()
            .AddSingleton<Watchdog>()
            .AddHostedService(services => services.GetRequiredService<Watchdog>())
            .AddHostedService<IdleTrim>()
            .AddHostedService(services => services.GetRequiredService<ProcessEnding>());
    }

    internal static void MapAgent(this RouteTable routes, IServiceProvider services) => services.GetRequiredService<AgentCalls>().Map(routes);

    internal static void MapEnvdProcesses(this RouteTable routes, IServiceProvider services) => services.GetRequiredService<ProcessFace>().Map(routes);

    internal static void MapEnvdFiles(this RouteTable routes, IServiceProvider services)
    {
        services.GetRequiredService<FilesystemFace>().Map(routes);
        services.GetRequiredService<FilesFace>().Map(routes);
    }

    internal static void MapRock(this RouteTable routes, IServiceProvider services) => services.GetRequiredService<RockFace>().Map(routes);

    /// <summary>Order matters: the token is checked first, then the call is counted, then served.</summary>
    internal static void Serve(this WebApplication app, RouteTable routes)
    {
        if (app.Services.GetRequiredService<AgentOptions>().Listen is not null)
        {
            app.Use(app.Services.GetRequiredService<TokenGate>().InvokeAsync);
        }

        app.Use(app.Services.GetRequiredService<AgentActivity>().InvokeAsync);
        app.Run(routes.DispatchAsync);
    }

    private static void AddFilesAndSessions(this IServiceCollection services) => services
        .AddSingleton<FilesystemFace>()
        .AddSingleton<FilesFace>()
        .AddSingleton<SyntaxCheck>()
        .AddSingleton(provider => new ShellStart(
            provider.GetRequiredService<Spawner>(),
            provider.GetRequiredService<AccountFiles>(),
            provider.GetRequiredService<SandboxEnvironment>(),
            ShellStart.Shells))
        .AddSingleton<SessionTable>()
        .AddSingleton(provider => new SandboxStatistics(provider.GetRequiredService<SandboxEnvironment>(), provider.GetRequiredService<TimeProvider>()))
        .AddSingleton<PortForward>()
        .AddSingleton<ExecuteCall>()
        .AddSingleton<SessionCalls>()
        .AddSingleton<RockFace>();

    private static void AddTransport(this WebApplicationBuilder builder, AgentOptions options)
    {
        if (options.Dial is not null)
        {
            builder.Services.AddSingleton<IConnectionListenerFactory, DialingListenerFactory>();
        }

        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Limits.MinRequestBodyDataRate = null;
            kestrel.Limits.MinResponseDataRate = null;
            kestrel.Limits.MaxRequestBufferSize = 256 * 1024;
            // Longer than any owner's pool keeps one; the infinite value makes Kestrel close them after a moment.
            kestrel.Limits.KeepAliveTimeout = TimeSpan.FromDays(7);
            kestrel.ConfigureEndpointDefaults(endPoint => endPoint.Protocols = HttpProtocols.Http1);
            kestrel.Listen(options.Listen ?? (System.Net.EndPoint)new OwnerEndPoint(options.Dial!));
        });
    }
}
