using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;
using Sandbox.Agent.Accounts;
using Sandbox.Agent.Activity;
using Sandbox.Agent.Envd;
using Sandbox.Agent.Gem;
using Sandbox.Agent.Http;
using Sandbox.Agent.Native;
using Sandbox.Agent.Owner;
using Sandbox.Agent.Ports;
using Sandbox.Agent.Processes;
using Sandbox.Agent.Rock;
using Sandbox.Agent.Sessions;
using Sandbox.Agent.Statistics;
using Sandbox.Agent.Telemetry;
using Sandbox.Agent.Transport;

namespace Sandbox.Agent;

/// <summary>The services that the agent consists of, and the routes that it serves.</summary>
internal static class AgentServices
{
    internal static ServiceProvider Build(AgentOptions options) => new ServiceCollection()
        .AddSingleton(options)
        .AddSingleton(TimeProvider.System)
        .AddSingleton<ILoggerFactory>(_ => new LoggerFactory([new StderrLoggerProvider(TimeProvider.System)], QuietFramework))
        .AddSingleton(typeof(ILogger<>), typeof(Logger<>))
        .AddSingleton<AccountFiles>(services => new AccountFiles
        {
            OwnHome = options.Home,
            ImageHome = services.GetRequiredService<SandboxEnvironment>().ImageHome,
            DefaultName = () => services.GetRequiredService<SandboxEnvironment>().DefaultUser,
        })
        .AddSingleton<Reaper>(_ => new Reaper())
        .AddSingleton(services => new Spawner(services.GetRequiredService<Reaper>()))
        .AddSingleton<SandboxEnvironment>()
        .AddSingleton<ProcessTable>()
        .AddSingleton<CommandRunner>()
        .AddSingleton<AgentActivity>()
        .AddSingleton<AgentLifetime>()
        .AddSingleton<OwnerPresence>()
        .AddSingleton<AgentCalls>()
        .AddSingleton<DemandedToken>()
        .AddSingleton<TokenMiddleware>()
        .AddSingleton<ProcessEndpoints>()
        .AddFilesAndSessions()
        .AddTransport(options)
        .AddSingleton<ProcessEnding>()
        .AddSingleton<Watchdog>()
        .AddSingleton<IHostedService>(services => services.GetRequiredService<Watchdog>())
        .AddSingleton<IHostedService, IdleTrim>()
        .AddSingleton<IHostedService>(services => services.GetRequiredService<ProcessEnding>())
        .AddSingleton<AgentHost>()
        .BuildServiceProvider();

    private static LoggerFilterOptions QuietFramework =>
        new() { Rules = { new LoggerFilterRule(null, "Microsoft", LogLevel.Error, null) } };

    internal static void MapAgent(this RouteTable routes, IServiceProvider services) =>
        services.GetRequiredService<AgentCalls>().Map(routes);

    internal static void MapEnvdProcesses(this RouteTable routes, IServiceProvider services) =>
        services.GetRequiredService<ProcessEndpoints>().Map(routes);

    internal static void MapEnvdFiles(this RouteTable routes, IServiceProvider services)
    {
        services.GetRequiredService<FilesystemEndpoints>().Map(routes);
        services.GetRequiredService<FilesEndpoints>().Map(routes);
    }

    internal static void MapRock(this RouteTable routes, IServiceProvider services) =>
        services.GetRequiredService<RockEndpoints>().Map(routes);

    /// <summary>Order matters: the token is checked first, then the call is counted, then timed where it is traced, then served.</summary>
    internal static RequestDelegate Served(IServiceProvider services, RouteTable routes)
    {
        var activity = services.GetRequiredService<AgentActivity>();
        RequestDelegate traced = context => TracedCalls.InvokeAsync(context, routes.DispatchAsync);
        RequestDelegate counted = context => activity.InvokeAsync(context, traced);
        if (services.GetRequiredService<AgentOptions>().Listen is null)
        {
            return counted;
        }

        var gate = services.GetRequiredService<TokenMiddleware>();
        return context => gate.InvokeAsync(context, counted);
    }

    private static IServiceCollection AddFilesAndSessions(this IServiceCollection services) => services
        .AddSingleton<FilesystemEndpoints>()
        .AddSingleton<FilesEndpoints>()
        .AddSingleton<SyntaxCheck>()
        .AddSingleton(provider => new ShellStart(
            provider.GetRequiredService<Spawner>(),
            provider.GetRequiredService<AccountFiles>(),
            provider.GetRequiredService<SandboxEnvironment>(),
            ShellStart.Shells))
        .AddSingleton<SessionTable>()
        .AddSingleton(
            provider =>
                new SandboxStatistics(provider.GetRequiredService<SandboxEnvironment>(), provider.GetRequiredService<TimeProvider>()))
        .AddSingleton<PortForward>()
        .AddSingleton<FilePaths>()
        .AddSingleton<TextFileCalls>()
        .AddSingleton<UploadCall>()
        .AddSingleton<ExecuteCall>()
        .AddSingleton<SessionCalls>()
        .AddSingleton<IGemLibrary, SampleLibrary>()
        .AddSingleton<IGemLibrary, PythonLibrary>()
        .AddSingleton<GemTable>()
        .AddSingleton<GemCalls>()
        .AddSingleton<RockEndpoints>();

    private static IServiceCollection AddTransport(this IServiceCollection services, AgentOptions options)
    {
        var kestrel = new KestrelServerOptions { AddServerHeader = false };
        kestrel.Limits.MaxRequestBodySize = null;
        kestrel.Limits.MinRequestBodyDataRate = null;
        kestrel.Limits.MinResponseDataRate = null;
        kestrel.Limits.MaxRequestBufferSize = 256 * 1024;
        // Longer than any owner's pool keeps one; the infinite value makes Kestrel close them after a moment.
        kestrel.Limits.KeepAliveTimeout = TimeSpan.FromDays(7);
        kestrel.ConfigureEndpointDefaults(endPoint => endPoint.Protocols = HttpProtocols.Http1);
        kestrel.Listen(options.Listen ?? (System.Net.EndPoint)new OwnerEndPoint(options.Dial!));
        services.AddKestrelAlone();
        if (options.Dial is not null)
        {
            services.AddSingleton<IConnectionListenerFactory, DialingListenerFactory>();
        }

        return services.AddSingleton(provider =>
        {
            kestrel.ApplicationServices = provider;
            return Options.Create(kestrel);
        });
    }
}
