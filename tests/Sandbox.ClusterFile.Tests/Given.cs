using Sandbox.ClusterFile.Compose;
using Sandbox.ClusterFile.Hosts;
using Sandbox.ClusterFile.Settings;

namespace Sandbox.ClusterFile.Tests;

internal static class Given
{
    public const string Password = "k3v9-quiet-Harbour";

    /// <summary>Every character that a shell, YAML, compose, a URI or a connection string gives a meaning to.</summary>
    public const string StrangePassword = """a;b,c$d@e%f "g' h\i$HOME=j#k:l""";

    /// <summary>The least that a file must say.</summary>
    public const string Least = $"""
        project:
          name: demo
          version: "1"
        services:
          postgres:
            password: {Password}

        """;

    public static ClusterReading Reading(string yaml, string? dotEnv = null, params (string Name, string Value)[] environment) =>
        ClusterFileReader.Read(yaml, dotEnv, environment.Select(one => KeyValuePair.Create(one.Name, one.Value)), ClusterFileReader.Name);

    /// <summary>The least, with values put over it.</summary>
    public static ClusterReading With(params (string Path, string Value)[] values) =>
        Reading(Least, null,
            [.. values.Select(one => ("SANDBOX_CLUSTER__" + one.Path.Replace(".", "__", StringComparison.Ordinal), one.Value))]);

    public static ClusterSettings Good(ClusterReading reading)
    {
        Assert.True(reading.Settings is not null, $"the settings were to be good: {string.Join("; ", reading.Problems)}");
        return reading.Settings;
    }

    public static ClusterPlan Plan(bool hasGpu, params (string Path, string Value)[] values) => new(
        Good(With(values)), new HostFacts("192.0.2.7", hasGpu), new ClusterSecrets("cluster-secret", "redis-secret", "api-key"),
        new MachineFacts("/srv/demo", "/var/lib/sandbox/demo", "/run/docker.sock", "998", null));
}
