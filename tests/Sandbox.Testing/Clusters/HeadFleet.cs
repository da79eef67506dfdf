using System.Globalization;
using System.Net;
using System.Text;
using Npgsql;
using Sandbox.Cluster.Signatures;
using Sandbox.Contracts.Cluster;
using Sandbox.Testing.Postgres;

namespace Sandbox.Testing.Clusters;

/// <summary>Health services on one Postgres, and nodes of the real worker program that only decide which node is the head.</summary>
public sealed class HeadFleet : IAsyncDisposable
{
    private const string Secret = "a secret of the tests that is long enough";

    private readonly TempFolder _folder = new();
    private readonly List<ClusterProcess> _services = [], _nodes = [];
    private readonly HttpClient _http = new();

    private HeadFleet(PostgresServer postgres, string database) => (Postgres, Database) = (postgres, database);

    public PostgresServer Postgres { get; }

    /// <summary>Connection string of the lease's database.</summary>
    public string Database { get; }

    /// <summary>Addresses of the health services, with spaces between them, as HEALTH_URL takes them.</summary>
    public string Urls { get; private set; } = "";

    public IReadOnlyList<ClusterProcess> Services => _services;

    public IReadOnlyList<ClusterProcess> Nodes => _nodes;

    /// <param name="nodes">Of the whitelist, n1 first; none runs yet.</param>
    /// <param name="lease">Null: the default.</param>
    public static async Task<HeadFleet> StartAsync(int services, int nodes, TimeSpan? lease = null)
    {
        var postgres = await PostgresServer.StartAsync();
        var fleet = new HeadFleet(postgres, await postgres.NewDatabaseAsync());
        try
        {
            await fleet.StartAsync(services, [.. Enumerable.Range(1, nodes).Select(number => $"n{number}")], lease);
            return fleet;
        }
        catch
        {
            await fleet.DisposeAsync();
            throw;
        }
    }

    /// <summary>A node that is not started yet; the caller disposes it.</summary>
    public ClusterProcess MakeNode(string name, params (string Key, string Value)[] more) => Make(name, "Sandbox.Worker", [
        ("Worker__OnlyDecides", "true"), ("Worker__NodeName", name), ("HEAD_PORT", "0"), ("HEALTH_URL", Urls),
        ("HEAD_WHITELIST", string.Join(' ', _nodes.Select(node => node.Name))), .. more]);

    /// <summary>The head's lease as the database has it; an epoch of 0: never taken.</summary>
    public Task<HeadRow> HeadAsync() => HeadRow.ReadAsync(Database);

    /// <summary>Waits for a head that holds its lease under a version of at least this; the node, and the lease.</summary>
    public async Task<(ClusterProcess Node, HeadRow Row)> HeadFromAsync(long version)
    {
        var row = new HeadRow("", 0, false);
        await Wait.UntilAsync(
            async () =>
            {
                row = await HeadAsync();
                return row.IsHeld && row.Epoch >= version;
            },
            () => $"some node is the head under lease_version {version} or more; the lease: {row}; the nodes say: "
                + $"{string.Join('\n', _nodes.Select(node => node.Log))}");
        return (_nodes.Single(node => node.Name == row.Node), row);
    }

    /// <summary>A heartbeat in the name of the node that held this lease, as it would come late; the status of the answer.</summary>
    public async Task<HttpStatusCode> BeatAsync(HeadRow held)
    {
        // Which instance it is to be signed for is told with a refusal.
        using var unsigned = HeartbeatOf(held);
        using var refused = await _http.SendAsync(unsigned);
        using var request = HeartbeatOf(held);
        TestSigner.Of(Secret, SignaturePurpose.Health)
            .Sign(request, HealthRoutes.RecipientOf(refused.Headers.GetValues(HealthRoutes.InstanceHeader).Single()));
        using var answer = await _http.SendAsync(request);
        return answer.StatusCode;
    }

    private HttpRequestMessage HeartbeatOf(HeadRow held) =>
        new(HttpMethod.Post, new Uri(new Uri(Urls.Split(' ')[0]), HealthRoutes.Heartbeat))
        {
            Content = new StringContent(
                System.Text.Json.JsonSerializer.Serialize(
                    new HeartbeatRequest(held.Node, held.Life, held.Epoch), HeadJson.Default.HeartbeatRequest), Encoding.UTF8,
                    "application/json"),
        };

    public async ValueTask DisposeAsync()
    {
        foreach (var process in _nodes.Concat(_services))
        {
            await process.DisposeAsync();
        }

        _http.Dispose();
        await Postgres.DisposeAsync();
        _folder.Dispose();
    }

    private async Task StartAsync(int services, IReadOnlyList<string> whitelist, TimeSpan? lease)
    {
        var ports = ProcessCluster.FreePorts(services);
        Urls = string.Join(' ', ports.Select(port => $"http://127.0.0.1:{port}"));
        _services.AddRange(ports.Select((port, number) => Make($"health-{number + 1}", "Health.Service", [
            ("ConnectionStrings__sandbox", Database), ("ASPNETCORE_URLS", $"http://127.0.0.1:{port}"),
            ("HEAD_WHITELIST", string.Join(' ', whitelist)),
            ("Health__Lease", (lease ?? TimeSpan.FromSeconds(2)).ToString("c", CultureInfo.InvariantCulture))])));
        _services.ForEach(service => service.Start());
        await Task.WhenAll(_services.Select(service => service.SaysAsync("Now listening on")));
        foreach (var name in whitelist)
        {
            _nodes.Add(MakeNode(name, ("HEAD_WHITELIST", string.Join(' ', whitelist))));
        }
    }

    private ClusterProcess Make(string name, string project, (string Key, string Value)[] more)
    {
        var settings = new Dictionary<string, string>
        {
            ["Cluster__Id"] = "heads",
            ["Cluster__Secret"] = Secret,
            ["DOTNET_ENVIRONMENT"] = "Production",
            ["Logging__LogLevel__Microsoft.AspNetCore"] = "Warning",
        };
        foreach (var (key, value) in more)
        {
            settings[key] = value;
        }

        return new ClusterProcess(name, ProcessCluster.ProgramOf(project, project), _folder.File($"{name}.log"), settings);
    }
}

/// <summary>The row that says which node is the head.</summary>
public sealed record HeadRow(string Holder, long Epoch, bool IsHeld)
{
    public string Node => Holder.Split('/')[0];

    /// <summary>Of its process.</summary>
    public string Life => Holder.Split('/')[^1];

    public static async Task<HeadRow> ReadAsync(string database)
    {
        await using var connection = new NpgsqlConnection(database);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(
            "SELECT holder, epoch, NOT released AND expires_at > clock_timestamp() FROM leases WHERE name = 'head'", connection);
        await using var row = await command.ExecuteReaderAsync();
        return await row.ReadAsync() ? new HeadRow(row.GetString(0), row.GetInt64(1), row.GetBoolean(2)) : new HeadRow("", 0, false);
    }
}
