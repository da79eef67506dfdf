using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Sandbox.Agent.Http;

/// <summary>Kestrel's services without the host around it. The server's public constructor would do too, but it brings TLS
/// along, which is two megabytes that no agent uses.</summary>
internal static class KestrelAlone
{
    internal static void AddKestrelAlone(this IServiceCollection services)
    {
        services.AddSingleton<IMeterFactory, Meters>();
        services.AddSingleton<DiagnosticSource>(_ => new DiagnosticListener("Sandbox.Agent"));
        new Registrar(services).UseKestrelCore();
    }

    /// <summary>Nobody reads an agent's meters, but Kestrel wants some.</summary>
    private sealed class Meters : IMeterFactory
    {
        public Meter Create(MeterOptions options) => new(options.Name, options.Version);

        public void Dispose()
        {
        }
    }

    /// <summary>Takes the registrations that Kestrel makes of itself, and nothing else.</summary>
    private sealed class Registrar(IServiceCollection services) : IWebHostBuilder
    {
        public IWebHostBuilder ConfigureServices(Action<IServiceCollection> configureServices)
        {
            configureServices(services);
            return this;
        }

        public IWebHostBuilder ConfigureServices(Action<WebHostBuilderContext, IServiceCollection> configureServices)
        {
            configureServices(new WebHostBuilderContext(), services);
            return this;
        }

        public IWebHostBuilder ConfigureAppConfiguration(Action<WebHostBuilderContext, IConfigurationBuilder> configureDelegate) => this;

        public string? GetSetting(string key) => null;

        public IWebHostBuilder UseSetting(string key, string? value) => this;

#pragma warning disable ASPDEPR008 // The interface demands it.
        public IWebHost Build() => throw new NotSupportedException("Only registrations are made here.");
#pragma warning restore ASPDEPR008
    }
}
