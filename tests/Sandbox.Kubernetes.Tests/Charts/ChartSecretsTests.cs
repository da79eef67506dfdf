using System.Security.Cryptography;
using System.Text;
using k8s.Models;
using Npgsql;
using StackExchange.Redis;

namespace Sandbox.Kubernetes.Tests.Charts;

/// <summary>Secrets are referred to and stand nowhere; what is in them arrives as it is.</summary>
public sealed class ChartSecretsTests
{
    /// <summary>What configuration files, shells, URLs and connection strings give a meaning to.</summary>
    internal const string Strange = """a;b,c$d@e%f "g' h\i$(POD_IP)$$j=k{{l}}#m""";

    private static readonly string[] Generated = ["agent-secret", "api-key", "api-key-hash", "cluster-secret"];

    public static TheoryData<string> Files => RenderedChart.Files;

    [NeedsHelmTheory]
    [MemberData(nameof(Files))]
    public async Task Variables_ThatAreSecret_AreReferencesOnly(string file)
    {
        var chart = await RenderedChart.RenderAsync(file);
        string[] secret =
            ["Cluster__Secret", "ConnectionStrings__sandbox", "ConnectionStrings__redis", "Worker__AgentSecret", "Api__KeyHashes__0"];

        var variables = chart.Deployments.SelectMany(deployment => RenderedChart.ContainerOf(deployment).Env).ToList();

        Assert.All(variables.Where(variable => secret.Contains(variable.Name)), variable => Assert.True(
            variable is { Value: null, ValueFrom.SecretKeyRef: not null }, $"{variable.Name} was to be a whole key of a Secret"));
        Assert.All(
            variables.Where(variable => variable.ValueFrom?.SecretKeyRef is not null), variable => Assert.Contains(variable.Name, secret));
        Assert.DoesNotContain(variables, variable => variable.Value?.Contains("assword", StringComparison.Ordinal) is true);
    }

    [NeedsHelmFact]
    public async Task Secrets_MadeByTheChart_StandInOneObjectAndAreGood()
    {
        var chart = await RenderedChart.RenderAsync("generated-values.yaml");

        var secret = Assert.Single(chart.Of<V1Secret>());
        var values = secret.Data.ToDictionary(entry => entry.Key, entry => Encoding.UTF8.GetString(entry.Value));
        var others = string.Join(
            "\n---", chart.Text.Split("\n---").Where(part => !part.Contains("kind: Secret\n", StringComparison.Ordinal)));

        Assert.Equal(Generated, values.Keys.Order(StringComparer.Ordinal));
        Assert.Equal("keep", secret.Metadata.Annotations["helm.sh/resource-policy"]);
        Assert.All(values, value =>
        {
            Assert.True(value.Value.Length >= 32, $"{value.Key} is too short to be a secret");
            Assert.DoesNotContain(value.Value, others, StringComparison.Ordinal);
            Assert.DoesNotContain(Convert.ToBase64String(secret.Data[value.Key]), others, StringComparison.Ordinal);
        });
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(values["api-key"]))), values["api-key-hash"]);
        Assert.Equal(values.Count, values.Values.Distinct().Count());
    }

    [NeedsHelmFact]
    public async Task ConnectionString_WithAStrangePassword_ArrivesAsItIs()
    {
        var chart = await RenderedChart.RenderAsync("full-values.yaml");
        var database = new NpgsqlConnectionStringBuilder { Host = "db.example", Username = Strange, Password = Strange }.ConnectionString;
        var redis = $"redis.example:6379,password={Strange.Replace(',', '_')}"; // its own form has no way to write a comma
        var secrets = Secrets(
            chart, ("postgres-app/npgsql", database), ("redis-app/connection", redis), ("stack-secrets/cluster", Strange));

        foreach (var program in new[] { "api", "pods", "health" })
        {
            var variables = ContainerEnvironment.Of(RenderedChart.ContainerOf(chart.Component(program)), secrets, "192.0.2.9");

            Assert.Equal(Strange, new NpgsqlConnectionStringBuilder(variables["ConnectionStrings__sandbox"]).Password);
            Assert.Equal(Strange, variables["Cluster__Secret"]);
            if (program != "health")
            {
                Assert.Equal(Strange.Replace(',', '_'), ConfigurationOptions.Parse(variables["ConnectionStrings__redis"]).Password);
            }
        }
    }

    [NeedsHelmFact]
    public async Task Notes_OfARelease_TellNoSecretAndHowTheSchemaIsMade()
    {
        var arguments = RenderedChart.ArgumentsFor("generated-values.yaml", "--dry-run=client", "--set", "networkPolicy.enabled=false");

        var (code, output, error) = await Helm.RunAsync(["install", RenderedChart.Release, .. arguments]);

        Assert.True(code == 0, $"helm was to write the notes: {error}");
        var notes = output[output.IndexOf("NOTES:", StringComparison.Ordinal)..];
        Assert.Contains("demo-sandbox-aspire-api.stack.svc:8080", notes, StringComparison.Ordinal);
        Assert.Contains("makes the schema", notes, StringComparison.Ordinal);
        Assert.Contains("WARNING: networkPolicy.enabled is false", notes, StringComparison.Ordinal);
        Assert.DoesNotContain("sk_", notes, StringComparison.Ordinal);
    }

    /// <summary>Those that the programs refer to; a value that is not given is its name.</summary>
    internal static Dictionary<string, V1Secret> Secrets(RenderedChart chart, params (string Reference, string Value)[] given)
    {
        var values = given.ToDictionary(one => one.Reference, one => one.Value);
        return chart.Deployments.SelectMany(deployment => RenderedChart.ContainerOf(deployment).Env)
            .Select(variable => variable.ValueFrom?.SecretKeyRef).OfType<V1SecretKeySelector>()
            .DistinctBy(key => (key.Name, key.Key)).GroupBy(key => key.Name)
            .ToDictionary(keys => keys.Key, keys => new V1Secret
            {
                Data = keys.ToDictionary(
                    key => key.Key, key => Encoding.UTF8.GetBytes(values.GetValueOrDefault($"{key.Name}/{key.Key}") ?? key.Key)),
            });
    }
}
