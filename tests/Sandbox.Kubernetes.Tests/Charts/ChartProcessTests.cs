using System.Globalization;
using k8s.Models;
using Npgsql;
using Sandbox.Kubernetes.Tests.Running;
using Sandbox.Testing;
using Sandbox.Testing.Clusters;
using Sandbox.Testing.Postgres;

namespace Sandbox.Kubernetes.Tests.Charts;

/// <summary>The programs themselves, with the environment that the chart gives them, and no more permissions at the API server than the
/// chart's Role.</summary>
public sealed class ChartProcessTests : IAsyncDisposable
{
    private const string Key = "the first key of this test";
    private const string OwnerPort = "7070", NodePort = "8090", HttpPort = "8080", InternalPort = "9464";

    private readonly TempFolder _folder = new();
    private readonly List<ClusterProcess> _processes = [];
    private readonly string _ownerPort = Free();

    public async ValueTask DisposeAsync()
    {
        foreach (var process in _processes)
        {
            await process.DisposeAsync();
        }

        _folder.Dispose();
    }

    [NeedsPostgresFact]
    public async Task Programs_ToldWhatTheChartSays_RunASandboxWithTheChartsRights()
    {
        Assert.SkipWhen(Helm.WhyMissing is not null, Helm.WhyMissing ?? "");
        await using var postgres = await PostgresServer.StartAsync();
        await using var cluster = await FakeCluster.StartAsync();
        using var kubelet = new Kubelet(cluster, _folder.Path);
        var chart = await RenderedChart.RenderAsync("least-values.yaml", "--set", $"sandboxes.namespace={FakeCluster.Namespace}");
        var rules = chart.Of<V1Role>().Single().Rules;
        var refused = new List<string>();
        cluster.Faults = call => IsAllowed(rules, call) ? null : Refuse(call, refused);
        var secrets = ChartSecretsTests.Secrets(
            chart, ("sandbox-stack/database", await StrangeDatabaseAsync(postgres)),
            ("sandbox-stack/cluster-secret", ChartSecretsTests.Strange), ("sandbox-stack/agent-secret", ChartSecretsTests.Strange),
            ("sandbox-stack/api-key-hash", HashOf(Key)));

        var (pods, podsPorts) = Start(chart, "pods", "Sandbox.Kubernetes", secrets, ("Kubernetes__Server", cluster.Address));
        var (health, healthPorts) = Start(chart, "health", "Health.Service", secrets);
        var (api, apiPorts) = Start(chart, "api", "Sandbox.Api", secrets);
        await pods.SaysAsync("is part of the cluster");
        await health.SaysAsync("Now listening on: ");
        await api.SaysAsync("Now listening on: ");
        using var caller = new RockCaller(new Uri($"http://127.0.0.1:{apiPorts[HttpPort]}"));
        caller.Http.DefaultRequestHeaders.Add("X-API-Key", Key);
        var answer = "";
        await Wait.UntilAsync(
            async () =>
            {
                answer = (await caller.StartAsync("s1", ("network", "bridge"))).ToString();
                return answer.Contains("\"Success\"", StringComparison.Ordinal);
            },
            () => $"the API takes a sandbox: {answer}");
        await caller.UntilAliveAsync("s1");

        Assert.Equal("in a pod\n", await caller.ExecuteAsync("s1", "echo in a pod"));
        Assert.Equal("pods", (await caller.StatusAsync("s1")).GetProperty("host_name").GetString());
        await caller.MustPostAsync("stop", new { sandbox_id = "s1" });
        await Wait.UntilAsync(
            () => Task.FromResult(cluster.All("pods") is []),
            () => $"a stopped sandbox leaves no pod; there are {cluster.All("pods").Count}");
        Assert.Empty(refused);
        await ProbesAnswerAsync(chart, ("pods", podsPorts), ("health", healthPorts), ("api", apiPorts));
    }

    private (ClusterProcess Process, Dictionary<string, string> Ports) Start(
        RenderedChart chart, string component, string program, IReadOnlyDictionary<string, V1Secret> secrets,
        params (string Key, string Value)[] more)
    {
        var ports = new Dictionary<string, string>
        {
            [HttpPort] = Free(),
            [InternalPort] = Free(),
            [NodePort] = Free(),
            [OwnerPort] = _ownerPort,
        };
        var variables = ContainerEnvironment.Of(RenderedChart.ContainerOf(chart.Component(component)), secrets, "127.0.0.1");

        // A pod has an address and folders for itself; here are free ports of this machine, and a folder of the test.
        (string Here, string There)[] places =
        [
            .. ports.Select(port => ($":{port.Value}", $":{port.Key}")), ("127.0.0.1", "0.0.0.0"), (_folder.Path + "/", "/tmp/"),
            ("127.0.0.1", $"{RenderedChart.Release}-sandbox-aspire-pods.{RenderedChart.Namespace}.svc"),
        ];
        var container = RenderedChart.ContainerOf(chart.Component(component));
        foreach (var variable in container.Env.Where(variable => variable.ValueFrom?.SecretKeyRef is null))
        {
            variables[variable.Name] = places.Aggregate(
                variables[variable.Name], (value, place) => value.Replace(place.There, place.Here, StringComparison.Ordinal));
        }

        foreach (var (key, value) in more)
        {
            variables[key] = value;
        }

        var process = ProcessCluster.MakeAlone(program, _folder, variables);
        _processes.Add(process);
        process.Start();
        return (process, ports);
    }

    private static async Task ProbesAnswerAsync(RenderedChart chart, params (string Component, Dictionary<string, string> Ports)[] programs)
    {
        using var http = new HttpClient();
        foreach (var (component, ports) in programs)
        {
            var container = RenderedChart.ContainerOf(chart.Component(component));
            V1Probe[] probes = [container.StartupProbe, container.ReadinessProbe, container.LivenessProbe];
            foreach (var path in probes.Select(probe => probe.HttpGet.Path).Distinct())
            {
                using var answer = await http.GetAsync(new Uri($"http://127.0.0.1:{ports[InternalPort]}{path}"));
                var said = $"{(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}";
                Assert.True(answer.IsSuccessStatusCode, $"{component} was to answer its probe {path}, and said {said}");
            }
        }
    }

    /// <summary>A database whose user and password have every character with a meaning in some format; the server asks for it.</summary>
    private static async Task<string> StrangeDatabaseAsync(PostgresServer postgres)
    {
        var owner = new NpgsqlConnectionStringBuilder(await postgres.NewDatabaseAsync());
        var name = $"\"{ChartSecretsTests.Strange.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
        var password = $"'{ChartSecretsTests.Strange.Replace("'", "''", StringComparison.Ordinal)}'";
        await postgres.ExecuteAsync(owner.Database!, $"CREATE ROLE {name} LOGIN PASSWORD {password}; GRANT ALL ON SCHEMA public TO {name}");
        await postgres.ExecuteAsync(owner.Database!, $"GRANT CREATE ON DATABASE {owner.Database} TO {name}");
        await using var source = NpgsqlDataSource.Create(postgres.ConnectionString("postgres"));
        await using var where = source.CreateCommand("SHOW hba_file");
        var rules = (string)(await where.ExecuteScalarAsync())!;
        await File.WriteAllTextAsync(rules, "local all sandbox trust\nlocal all all scram-sha-256\n");
        await postgres.ExecuteAsync("postgres", "SELECT pg_reload_conf()");
        (owner.Username, owner.Password) = (ChartSecretsTests.Strange, ChartSecretsTests.Strange);
        return owner.ConnectionString;
    }

    private static bool IsAllowed(IEnumerable<V1PolicyRule> rules, FakeCall call)
    {
        var verb = (call.Verb, call.IsWatch, call.Name) switch
        {
            ("GET", true, _) => "watch",
            ("GET", _, null or "") => "list",
            ("GET", _, _) => "get",
            ("POST", _, _) => "create",
            ("PUT", _, _) => "update",
            ("DELETE", _, _) => "delete",
            _ => call.Verb,
        };
        return rules.Any(rule => rule.Resources.Contains(call.Resource) && rule.Verbs.Contains(verb));
    }

    private static Fault Refuse(FakeCall call, List<string> refused)
    {
        lock (refused)
        {
            refused.Add(call.ToString());
        }

        return new Fault(403);
    }

    private static string HashOf(string key) =>
        Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(key)));

    private static string Free() => ReservedPorts.Next().ToString(CultureInfo.InvariantCulture);
}
