using System.Diagnostics;
using Sandbox.Client.Contexts;
using Sandbox.Testing;

namespace AppHost.Tests;

/// <summary>How a test starts the AppHost as a person does, in a process of its own: on free ports, with folders, volumes and secrets
/// of the test's.</summary>
internal sealed class AppHostProgram
{
    private readonly TempFolder _folder;

    public AppHostProgram(TempFolder folder, string clusterId = "test-unused")
    {
        _folder = folder;
        Stack = $"t{Guid.NewGuid().ToString("N")[..10]}";
        Settings = new Dictionary<string, string?>
        {
            ["ASPIRE_ALLOW_UNSECURED_TRANSPORT"] = "true",
            ["ASPNETCORE_URLS"] = $"http://localhost:{ReservedPorts.Next()}",
            ["ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL"] = $"http://localhost:{ReservedPorts.Next()}",
            ["ASPIRE_RESOURCE_SERVICE_ENDPOINT_URL"] = $"http://localhost:{ReservedPorts.Next()}",
            ["ASPNETCORE_ENVIRONMENT"] = "Development",
            ["DOTNET_ENVIRONMENT"] = "Development",
            ["XDG_DATA_HOME"] = folder.File("home"),
            ["XDG_CONFIG_HOME"] = folder.File("config"),
            ["PROMETHEUS_TARGETS"] = folder.File("targets"),
            ["Parameters__cluster-id"] = clusterId,
            ["Parameters__cluster-secret"] = Guid.NewGuid().ToString("N") + Guid.NewGuid().ToString("N"),
            ["Parameters__database-password"] = "p;w x,$@%",
            ["Parameters__redis-password"] = "plain-word",
            ["stack"] = Stack,
            ["api-port"] = "0",
            ["demo-image"] = DockerTestImage.Name,
        };
    }

    public static string Assembly => typeof(Projects.AppHost).Assembly.Location;

    /// <summary>Names what it keeps.</summary>
    public string Stack { get; }

    public Dictionary<string, string?> Settings { get; }

    /// <summary>Where it tells the command line of itself.</summary>
    public ContextFile Contexts => new(Path.Combine(_folder.File("config"), "sandbox", "contexts.json"));

    /// <summary>Runs it to its end.</summary>
    public async Task<(int ExitCode, string Said)> RunAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [Assembly, .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        Apply(start);
        using var process = Process.Start(start)!;
        var said = await Task.WhenAll(process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return (process.ExitCode, string.Concat(said));
    }

    public void Apply(ProcessStartInfo start)
    {
        start.WorkingDirectory = _folder.Path;
        foreach (var (name, value) in Settings)
        {
            start.Environment[name] = value;
        }
    }
}
