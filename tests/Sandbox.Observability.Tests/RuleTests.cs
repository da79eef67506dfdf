using Sandbox.Testing.Telemetry;

namespace Sandbox.Observability.Tests;

/// <summary>The files for Prometheus, as its own tools judge them.</summary>
public sealed class RuleTests
{
    [NeedsPrometheusFact]
    public Task Configuration_IsValid() => AssertPassesAsync("check", "config", FileOf("prometheus.yml"));

    [NeedsPrometheusFact]
    public Task AlertRules_AreValid() => AssertPassesAsync("check", "rules", "--lint-fatal", FileOf("alerts.yml"));

    [NeedsPrometheusFact]
    public Task AlertRules_FireWhenTheyShouldAndOnlyThen() => AssertPassesAsync("test", "rules", FileOf("tests/alerts.test.yml"));

    [Fact]
    public void AlertRules_AllHaveATest()
    {
        var tests = File.ReadAllText(FileOf("tests/alerts.test.yml"));
        var untested = File.ReadLines(FileOf("alerts.yml"))
            .Where(line => line.Contains("- alert: ", StringComparison.Ordinal))
            .Select(line => line.Split(": ")[1].Trim())
            .Where(alert => !tests.Contains($"alertname: {alert}\n", StringComparison.Ordinal));

        Assert.Empty(untested);
    }

    private static string FileOf(string name) => Path.Combine(Deployed.Folder, "prometheus", name);

    private static async Task AssertPassesAsync(params string[] arguments)
    {
        var (code, said) = await PrometheusTools.CheckAsync(null, arguments);
        Assert.True(code == 0, $"promtool {string.Join(' ', arguments)} ended with {code}: {said}");
    }
}
