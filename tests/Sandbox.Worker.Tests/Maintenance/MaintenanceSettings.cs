using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Sandbox.Node.Maintenance;
using Sandbox.Storage;

namespace Sandbox.Worker.Tests.Maintenance;

/// <summary>Settings of the maintenance that a test changes while they are in use.</summary>
internal sealed class MaintenanceSettings : IDisposable
{
    private readonly ConfigurationManager _configuration = new();
    private readonly ServiceProvider _services;

    public MaintenanceSettings(params (string Name, string Value)[] settings)
    {
        _configuration.AddInMemoryCollection(
            settings.Select(one => KeyValuePair.Create($"Maintenance:{one.Name}", (string?)one.Value)));
        _services = new ServiceCollection().AddSingleton<IConfiguration>(_configuration)
            .AddOptions<MaintenanceOptions>().BindConfiguration(MaintenanceOptions.Section).Services.BuildServiceProvider();
        Current = new CurrentOptions<MaintenanceOptions>(Monitor, NullLogger<CurrentOptions<MaintenanceOptions>>.Instance);
    }

    public IOptionsMonitor<MaintenanceOptions> Monitor => _services.GetRequiredService<IOptionsMonitor<MaintenanceOptions>>();

    public CurrentOptions<MaintenanceOptions> Current { get; }

    public void Change(string name, string value)
    {
        _configuration[$"Maintenance:{name}"] = value;
        ((IConfigurationRoot)_configuration).Reload();
    }

    public void Dispose()
    {
        _services.Dispose();
        _configuration.Dispose();
    }
}
