using System.Net;
using System.Net.Sockets;
using Sandbox.Testing;

namespace AppHost.Tests;

/// <summary>Starts that cannot be: each ends with 1 and one line that says why, and starts nothing.</summary>
public sealed class RefusalTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly AppHostProgram _program;

    public RefusalTests() => _program = new AppHostProgram(_folder);

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("--cluster-file: ", "--cluster-file", "/nowhere/cluster.yaml")]
    [InlineData("--stack: a name of at most 20", "--stack", "../x")]
    public async Task Arguments_ThatCannotBe_AreRefused(string reason, params string[] arguments) =>
        await AssertRefusedAsync(reason, arguments);

    [Fact]
    public async Task ApiPort_ThatIsTaken_IsRefusedByItsNumber()
    {
        using var taken = Listen(out var port);

        await AssertRefusedAsync($"port {port} (endpoint 'http' of 'api') is taken", "--api-port", $"{port}");
    }

    [Fact]
    public async Task DashboardPort_ThatIsTaken_IsRefusedByItsNumber()
    {
        using var taken = Listen(out var port);
        _program.Settings["ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL"] = $"http://localhost:{port}";

        await AssertRefusedAsync($"port {port} (the dashboard's telemetry) is taken");
    }

    [Theory]
    [InlineData("Parameters__database-password must not contain quotes", "--Parameters:database-password", "it's")]
    [InlineData("Parameters__redis-password must not contain other characters", "--Parameters:redis-password", "a,b c")]
    public async Task Password_ThatAConnectionStringCannotCarry_IsRefused(string reason, params string[] arguments) =>
        await AssertRefusedAsync(reason, arguments);

    [Fact]
    public async Task Stores_WithoutAContainerEngine_AreRefusedWithWhatToDo()
    {
        _program.Settings["DOCKER_HOST"] = $"unix://{_folder.File("no-engine.sock")}";

        await AssertRefusedAsync("give the addresses of both in ConnectionStrings__sandbox and ConnectionStrings__redis");
    }

    [NeedsDockerFact]
    public async Task Image_ThatIsNowhere_IsRefusedByItsName() =>
        await AssertRefusedAsync(
            "The image registry.invalid/nobody/postgres:17 of 'postgres' is not on this machine and cannot be pulled: ",
            "--postgres-image", "registry.invalid/nobody/postgres:17");

    private async Task AssertRefusedAsync(string reason, params string[] arguments)
    {
        var (exitCode, said) = await _program.RunAsync(arguments);

        Assert.True(exitCode == 1, $"the start was to be refused with 1, and ended with {exitCode}: {said}");
        var line = said.Split('\n').SingleOrDefault(one => one.StartsWith("The stack does not run. ", StringComparison.Ordinal));
        Assert.True(line?.Contains(reason, StringComparison.Ordinal) is true, $"one line was to say '{reason}': {said}");
        Assert.DoesNotContain("   at ", said, StringComparison.Ordinal);
    }

    private static TcpListener Listen(out int port)
    {
        var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        port = ((IPEndPoint)taken.LocalEndpoint).Port;
        return taken;
    }
}
