using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Sandbox.Testing;

namespace AppHost.Tests;

/// <summary>The AppHost as a person starts it, where it is compiled against LocalHosting.</summary>
public sealed class LocalHostingTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Start_OnAPortThatIsTaken_IsRefusedByItsNumber()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;

        var (exitCode, said) = await RunAsync("--scratch", _folder.File("s"), "--api-port", $"{port}");

        Assert.True(exitCode == 1, $"a start on a taken port was to end with 1, and ended with {exitCode}: {said}");
        Assert.Contains($"port {port} (endpoint 'http' of 'api') is taken", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_WithoutPostgres_SaysWhatToInstall()
    {
        var (exitCode, said) = await RunAsync(("LocalHosting__PostgresFolder", _folder.Path), "--scratch", _folder.File("s"), "--api-port", "0");

        Assert.True(exitCode == 1, $"a start without Postgres was to end with 1, and ended with {exitCode}: {said}");
        Assert.Contains($"'postgres' needs Postgres: initdb, postgres and psql are not in {_folder.Path}. Install PostgreSQL (Debian: apt-get install postgresql", said, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("there are compose, kubernetes and azure", "--target", "moon")]
    [InlineData("no AppHost runs here", "--command", "api create-demo-sandbox")]
    [InlineData("--command takes a resource and a command", "--command", "api")]
    [InlineData("takes Aspire's packages", "--operation", "publish", "--step", "publish", "--target", "kubernetes")]
    [InlineData("there is nothing to publish to", "--operation", "publish", "--step", "publish")]
    public async Task Arguments_ThatCannotBe_AreRefusedInOneLine(string reason, params string[] arguments)
    {
        var (exitCode, said) = await RunAsync(arguments);

        Assert.Equal(1, exitCode);
        Assert.Contains(reason, said, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Manifest_OfTheFloorPlan_HasTheShapeThatDeploymentToolsRead()
    {
        var file = _folder.File("manifest.json");

        var (exitCode, said) = await RunAsync("--operation", "publish", "--publisher", "manifest", "--output-path", file);

        Assert.True(exitCode == 0, $"publishing was to succeed: {said}");
        using var manifest = JsonDocument.Parse(await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken));
        var resources = Assert.Single(manifest.RootElement.EnumerateObject()).Value;
        Assert.Equal("project.v0", resources.GetProperty("api").GetProperty("type").GetString());
        Assert.EndsWith("Sandbox.Api/Sandbox.Api.csproj", resources.GetProperty("api").GetProperty("path").GetString(), StringComparison.Ordinal);
        Assert.True(resources.GetProperty("api").GetProperty("bindings").GetProperty("http").GetProperty("external").GetBoolean());
        Assert.Equal("{postgres.connectionString};Database=sandbox", resources.GetProperty("sandbox").GetProperty("connectionString").GetString());
        Assert.Equal("container.v0", resources.GetProperty("redis").GetProperty("type").GetString());
        Assert.Equal("true", resources.GetProperty("node-1").GetProperty("env").GetProperty("ASPNETCORE_FORWARDEDHEADERS_ENABLED").GetString());
        Assert.True(resources.GetProperty("cluster-secret").GetProperty("inputs").GetProperty("value").GetProperty("secret").GetBoolean());
        Assert.DoesNotContain(resources.EnumerateObject(), resource => resource.Value.TryGetProperty("bindMounts", out _));
    }

    [Fact]
    public async Task Compose_OfTheFloorPlan_NamesServicesSecretsAndTheEngineOfTheNodes()
    {
        var (exitCode, said) = await RunAsync("--operation", "publish", "--step", "publish", "--target", "compose", "--output-path", _folder.Path);

        Assert.True(exitCode == 0, $"publishing was to succeed: {said}");
        var text = await File.ReadAllTextAsync(_folder.File("docker-compose.yaml"), TestContext.Current.CancellationToken);
        Assert.Contains("Host=postgres;Port=5432;Username=postgres;Password=${DATABASE_PASSWORD};Database=sandbox", text, StringComparison.Ordinal);
        Assert.Contains("HEALTH_URL: \"http://health:${HEALTH_PORT}\"", text, StringComparison.Ordinal);
        Assert.Equal(4, text.Split("target: \"/var/run/docker.sock\"").Length - 1);
        Assert.Contains("POSTGRES_DB: \"sandbox\"", text, StringComparison.Ordinal);
        Assert.Equal(6, text.Split("restart: \"unless-stopped\"").Length - 1);
        Assert.Equal(4, text.Split("Worker__CopiesAgent: \"true\"").Length - 1);
        Assert.DoesNotContain("{health.", text, StringComparison.Ordinal);
        Assert.Matches(@"\n  health:\n(?:    .*\n)*    depends_on:\n      postgres:\n        condition: service_started\n", text);
        Assert.Contains("source: \"${PROMETHEUS_BINDMOUNT_0}\"", text, StringComparison.Ordinal);
        var values = await File.ReadAllLinesAsync(_folder.File(".env"), TestContext.Current.CancellationToken);
        Assert.Contains("CLUSTER_SECRET=", values);
        Assert.Contains(values, value => value.StartsWith("GRAFANA_BINDMOUNT_1=", StringComparison.Ordinal) && value.EndsWith("deploy/grafana/dashboards", StringComparison.Ordinal));
    }

    /// <summary>The program, to its end.</summary>
    private Task<(int ExitCode, string Said)> RunAsync(params string[] arguments) => RunAsync(("LocalHosting__StateFolder", _folder.File("state")), arguments);

    private async Task<(int ExitCode, string Said)> RunAsync((string Name, string Value) variable, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [typeof(Projects.AppHost).Assembly.Location, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["LocalHosting__StateFolder"] = _folder.File("state");
        start.Environment[variable.Name] = variable.Value;
        using var process = Process.Start(start)!;
        var said = await Task.WhenAll(process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return (process.ExitCode, string.Concat(said));
    }
}
