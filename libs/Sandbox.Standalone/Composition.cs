using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Sandbox.Api;
using Sandbox.Deployments;
using Sandbox.Node;
using Sandbox.Storage;

namespace Sandbox.Standalone;

/// <summary>Puts the parts of a cluster together in one process; only the stores differ.</summary>
internal static class Composition
{
    /// <summary>How long a shutdown may wait for calls that are still being answered.</summary>
    private static readonly TimeSpan ShutdownWait = TimeSpan.FromMilliseconds(500);

    /// <param name="ownerKey">Good for everything, as the socket in the folder is.</param>
    public static WebApplication Build(StandaloneOptions options, DataFolder folder, ConnectionDrain drain, string ownerKey)
    {
        // Empty: nothing is read from the folder that the process happens to be started in, and nothing is started that is not used.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions
        {
            ApplicationName = "Sandbox.Standalone",
            ContentRootPath = folder.Path,
        });
        Configure(builder.Configuration, options, folder, ownerKey);
        Log(builder.Logging, options);
        builder.Host.UseDefaultServiceProvider(provider => provider.ValidateOnBuild = provider.ValidateScopes = true);
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => Listen(kestrel, options, folder, drain));
        builder.Services.AddRouting();
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = ShutdownWait);
        builder.Services.Replace(ServiceDescriptor.Singleton<IHostLifetime, CallersLifetime>());

        builder.AddServiceDefaults();
        builder.Services.AddStandaloneStorage(Path.Combine(folder.Path, "sandbox.db"));
        builder.Services.AddStandaloneNode().AddDeployments();
        builder.Services.AddApi();
        builder.Services.AddSingleton<Isolation>();

        var app = builder.Build();
        app.MapApi();
        return app;
    }

    /// <summary>Later ones win.</summary>
    private static void Configure(ConfigurationManager configuration, StandaloneOptions options, DataFolder folder, string ownerKey)
    {
        configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Worker:DataFolder"] = folder.Path,
            ["Worker:ClusterId"] = folder.ClusterId,
            ["Worker:Deployment"] = options.Deployment,
            ["Worker:AllowUnisolated"] = options.MayRunUnisolated.ToString(),
            ["Worker:AgentFolder"] = options.AgentFolder,
            ["Worker:ManagedAgent"] = options.ManagedAgent,
            ["Api:KeyFile"] = options.ApiKeyFile is null ? "" : Path.GetFullPath(options.ApiKeyFile),
        });
        configuration.AddWatchedJsonFile(Path.Combine(folder.Path, "appsettings.json"), isOptional: true);
        configuration.AddEnvironmentVariables();
        configuration.AddEnvironmentVariables("SANDBOX_");
        configuration.AddInMemoryCollection(options.Settings);
        configuration.AddInMemoryCollection([KeyValuePair.Create(
            "Api:OwnerKeyHash", (string?)Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(ownerKey))))]);
    }

    private static void Log(ILoggingBuilder logging, StandaloneOptions options)
    {
        if (options.LogLevel is { } level)
        {
            logging.SetMinimumLevel(level);
            logging.AddFilter("Microsoft.AspNetCore", level > LogLevel.Information ? level : LogLevel.Warning);
            // What a start fails of is told to the caller of the start; only the death of a running part is told here.
            logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.Critical);
            logging.AddSimpleConsole(console => console.SingleLine = true);
            logging.Services.Configure<Microsoft.Extensions.Logging.Console.ConsoleLoggerOptions>(
                console => console.LogToStandardErrorThreshold = LogLevel.Trace);
        }
    }

    private static void Listen(KestrelServerOptions kestrel, StandaloneOptions options, DataFolder folder, ConnectionDrain drain)
    {
        kestrel.ConfigureEndpointDefaults(listen => listen.Protocols = HttpProtocols.Http1);
        kestrel.Limits.KeepAliveTimeout = TimeSpan.FromMinutes(10);

        kestrel.ListenUnixSocket(folder.Socket, listen => listen.Use(next => connection => drain.TrackAsync(connection, next)));
        if (options.Listen is { } endPoint)
        {
            kestrel.Listen(endPoint, listen => Secure(listen, options));
            if (kestrel.ApplicationServices.GetRequiredService<IOptions<ApiOptions>>().Value.EnvHubPort is > 0 and var port)
            {
                kestrel.Listen(new IPEndPoint(endPoint.Address, port), listen => Secure(listen, options));
            }
        }
    }

    private static void Secure(ListenOptions listen, StandaloneOptions options)
    {
        if (options.CertificateFile is { } certificate)
        {
            listen.UseHttps(X509Certificate2.CreateFromPemFile(certificate, options.CertificateKeyFile));
        }
    }

    /// <summary>Whether only this machine can reach what listens there.</summary>
    public static bool IsLocal(IPEndPoint? endPoint) => endPoint is null || IPAddress.IsLoopback(endPoint.Address);
}

/// <summary>A lifetime that leaves signals to the process that runs the host.</summary>
internal sealed class CallersLifetime : IHostLifetime
{
    public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
