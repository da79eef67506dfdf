using System.Net;
using System.Net.Sockets;
using Sandbox.Testing;
using Sandbox.Testing.Clusters;
using Sandbox.Testing.Postgres;

namespace Sandbox.Cluster.Tests;

/// <summary>A process whose settings cannot be ends, with a last line that names the key, and never a secret.</summary>
public sealed class RefusedStartTests : IDisposable
{
    private readonly TempFolder _folder = new();

    [Theory]
    [InlineData("Sandbox.Api", "ConnectionStrings__sandbox", "", "ConnectionStrings:sandbox")]
    [InlineData("Sandbox.Api", "ConnectionStrings__sandbox", "hunter2=hunter2", "ConnectionStrings:sandbox")]
    [InlineData("Sandbox.Api", "Cluster__Secret", "", "Cluster:Secret")]
    [InlineData("Sandbox.Api", "Cluster__Secret", "hunter2", "Cluster:Secret")]
    [InlineData("Sandbox.Worker", "ConnectionStrings__sandbox", "", "ConnectionStrings:sandbox")]
    [InlineData("Sandbox.Worker", "Cluster__Secret", "hunter2", "Cluster:Secret")]
    [InlineData("Sandbox.Worker", "Cluster__SecretFile", "/nowhere/hunter2", "Cluster:Secret")]
    [InlineData("Sandbox.Worker", "Cluster__Id", "", "Cluster:Id")]
    [InlineData("Sandbox.Worker", "Worker__Listen", "everywhere", "Worker:Listen")]
    [InlineData("Sandbox.Worker", "Worker__DataFolder", "", "DataFolder")]
    [InlineData("Sandbox.Worker", "Worker__Capacity__Cpus", "-1", "Cpus")]
    [InlineData("Sandbox.Worker", "HEALTH_URL", "http://127.0.0.1:1", "HEAD_WHITELIST: empty")]
    [InlineData("Sandbox.Worker", "HEAD_WHITELIST", "w1:0", "HEAD_WHITELIST: 'w1:0'")]
    [InlineData("Health.Service", "HEAD_WHITELIST", "", "HEAD_WHITELIST: empty")]
    [InlineData("Health.Service", "Cluster__Secret", "hunter2", "Cluster:Secret")]
    public async Task Start_SettingCannotBe_IsRefusedByALastLineThatNamesTheKey(string project, string key, string value, string named)
    {
        await using var process = ProcessCluster.MakeAlone(project, _folder, new Dictionary<string, string>
        {
            ["ConnectionStrings__sandbox"] = $"Host={_folder.Path};Username=nobody;Database=none;Timeout=1",
            ["Cluster__Id"] = "refused",
            ["Cluster__Secret"] = "a secret of the tests that is long enough",
            ["Worker__DataFolder"] = _folder.File("data"),
            ["Worker__NodeName"] = "w1",
            ["ASPNETCORE_URLS"] = "http://127.0.0.1:0",
            ["Health__Whitelist"] = key == "HEAD_WHITELIST" ? "" : "w1",
            [key] = value,
        });

        process.Start();

        Assert.Equal(1, await process.ExitAsync());
        var line = RefusalOf(process, $"{project} does not run.");
        Assert.DoesNotContain("Unhandled exception", process.Log, StringComparison.Ordinal);
        Assert.Contains(named, line, StringComparison.Ordinal);
        Assert.DoesNotContain("secret of the tests", process.Log, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2=", process.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_OnAPortThatIsTaken_IsRefusedByALastLineThatNamesIt()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        await using var process = ProcessCluster.MakeAlone("Health.Service", _folder, new Dictionary<string, string>
        {
            ["Cluster__Id"] = "refused",
            ["Cluster__Secret"] = "a secret of the tests that is long enough",
            ["ASPNETCORE_URLS"] = $"http://{taken.LocalEndpoint}",
            ["Health__Whitelist"] = "w1",
            ["Health__LockFolder"] = _folder.Path,
        });

        process.Start();

        Assert.Equal(1, await process.ExitAsync());
        var line = RefusalOf(process, "Health.Service does not run.");
        Assert.Contains($"{taken.LocalEndpoint}: address already in use", line, StringComparison.Ordinal);
        Assert.DoesNotContain("Unhandled exception", process.Log, StringComparison.Ordinal);
    }

    [NeedsPostgresTheory]
    [InlineData("Sandbox.Api")]
    [InlineData("Sandbox.Worker")]
    [InlineData("Health.Service")]
    public async Task Start_DatabaseOfANewerProgram_IsRefusedByALastLineThatSaysSo(string project)
    {
        var server = await PostgresServer.SharedAsync();
        var database = await server.NewDatabaseAsync();
        await server.ExecuteAsync(
            new Npgsql.NpgsqlConnectionStringBuilder(database).Database!,
            "CREATE TABLE schema_scripts (number integer NOT NULL PRIMARY KEY, applied_at timestamptz NOT NULL); INSERT INTO "
                + "schema_scripts VALUES (9999, now())");
        await using var process = ProcessCluster.MakeAlone(project, _folder, new Dictionary<string, string>
        {
            ["ConnectionStrings__sandbox"] = database,
            ["Cluster__Id"] = "refused",
            ["Cluster__Secret"] = "a secret of the tests that is long enough",
            ["Worker__DataFolder"] = _folder.File("data"),
            ["Worker__NodeName"] = "w1",
            ["Health__Whitelist"] = "w1",
            ["ASPNETCORE_URLS"] = "http://127.0.0.1:0",
        });

        process.Start();

        Assert.Equal(1, await process.ExitAsync());
        var line = RefusalOf(process, $"{project} does not run.");
        Assert.Matches($"^{project} does not run.*has schema 9999, this program knows schemas up to", line);
    }

    public void Dispose() => _folder.Dispose();

    /// <summary>The line of a refusal. It is the last that the process writes, but to another stream than its log: a reader of both may
    /// have them in any order.</summary>
    private static string RefusalOf(ClusterProcess process, string beginning)
    {
        var lines = process.Log.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Where(line => line.StartsWith(beginning, StringComparison.Ordinal)).ToList();
        Assert.True(lines.Count == 1, $"one line was to begin with '{beginning}': {process.Log}");
        return lines[0];
    }
}
