using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;
using Sandbox.Worker.Head;

namespace Sandbox.Worker.Tests.Head;

public sealed class HeadSettingsTests
{
    [Fact]
    public void Read_WhitelistAlone_HasTheDocumentedDefaults()
    {
        var settings = Read(("HEAD_WHITELIST", "n1 n2:6391"));

        Assert.Equal("n1 n2:6391", settings.Whitelist.ToString());
        Assert.Equal(["http://health:8080/"], settings.HealthUrls.Select(url => url.AbsoluteUri));
        Assert.Equal((1.0, 3, 0.5, 2.0, 60), (
            settings.HealthTimeout.TotalSeconds, settings.HealthMaxRetries, settings.HealthRetryInterval.TotalSeconds,
            settings.DiscoveryTimeout.TotalSeconds, settings.WaitForHead));
        Assert.Equal((6390, 8265, 10001), (settings.HeadPort, settings.DashboardPort, settings.ClientPort));
        Assert.Equal((null, null), (settings.HeadAddress, settings.ConfiguredHead));
    }

    [Fact]
    public void Read_EveryVariable_IsTakenAsItStands()
    {
        var settings = Read(
            ("HEAD_WHITELIST", "n1"), ("HEALTH_URL", "http://a:1 http://b:2"), ("HEALTH_TIMEOUT", "0.25"), ("HEALTH_MAX_RETRIES", "0"),
            ("HEALTH_RETRY_INTERVAL", "0"),
            ("DISCOVERY_TIMEOUT", "5"), ("WAIT_FOR_HEAD", "30"), ("HEAD_ADDRESS", "h"), ("HEAD_ADDRESS_CFG", "c:7"),
            ("RAY_HEAD_PORT", "6379"), ("RAY_DASHBOARD_PORT", "8266"),
            ("CLIENT_PORT", "10002"), ("NODE_IP_ADDRESS", "10.0.0.7"));

        Assert.Equal(["http://a:1/", "http://b:2/"], settings.HealthUrls.Select(url => url.AbsoluteUri));
        Assert.Equal((0.25, 0, 0.0, 5.0, 30), (
            settings.HealthTimeout.TotalSeconds, settings.HealthMaxRetries, settings.HealthRetryInterval.TotalSeconds,
            settings.DiscoveryTimeout.TotalSeconds, settings.WaitForHead));
        Assert.Equal(("h:6379", "c:7", 6379, 8266, 10002, "10.0.0.7"), (
            settings.HeadAddress?.ToString(), settings.ConfiguredHead?.ToString(), settings.HeadPort, settings.DashboardPort,
            settings.ClientPort, settings.NodeIpAddress));
    }

    [Theory]
    [InlineData("HEAD_WHITELIST", "", "HEAD_WHITELIST: empty")]
    [InlineData("HEAD_WHITELIST", "n1 N1", "HEAD_WHITELIST: 'N1' is in it twice")]
    [InlineData("HEALTH_URL", "health:8080", "HEALTH_URL: must be like")]
    [InlineData("HEALTH_TIMEOUT", "0", "HEALTH_TIMEOUT: seconds")]
    [InlineData("HEALTH_TIMEOUT", "soon", "HEALTH_TIMEOUT: seconds")]
    [InlineData("HEALTH_TIMEOUT", "NaN", "HEALTH_TIMEOUT: seconds")]
    [InlineData("HEALTH_MAX_RETRIES", "-1", "HEALTH_MAX_RETRIES: a whole number")]
    [InlineData("HEALTH_RETRY_INTERVAL", "-0.5", "HEALTH_RETRY_INTERVAL: seconds")]
    [InlineData("DISCOVERY_TIMEOUT", "x", "DISCOVERY_TIMEOUT: seconds")]
    [InlineData("WAIT_FOR_HEAD", "1.5", "WAIT_FOR_HEAD: a whole number")]
    [InlineData("HEAD_ADDRESS", "a b", "HEAD_ADDRESS: must be host or host:port")]
    [InlineData("HEAD_ADDRESS_CFG", "a:b", "HEAD_ADDRESS_CFG: must be host or host:port")]
    [InlineData("HEAD_PORT", "65536", "HEAD_PORT: a port")]
    [InlineData("RAY_HEAD_PORT", "x", "RAY_HEAD_PORT: a port")]
    [InlineData("DASHBOARD_PORT", "0", "DASHBOARD_PORT: a port")]
    public void Read_VariableCannotBe_IsRefusedByItsName(string key, string value, string reason)
    {
        var refused = Assert.Throws<OptionsValidationException>(() => Read(("HEAD_WHITELIST", "n1"), (key, value)));

        Assert.Contains(reason, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AreGiven_OnlyWithAWhitelistOrAHealthService()
    {
        Assert.True(HeadSettings.AreGiven(Of(("HEAD_WHITELIST", "n1"))));
        Assert.True(HeadSettings.AreGiven(Of(("HEALTH_URL", "http://h"))));
        Assert.False(HeadSettings.AreGiven(Of(("HEAD_ADDRESS", "h"), ("HEAD_WHITELIST", " "))));
    }

    private static HeadSettings Read(params (string Key, string Value)[] settings) => HeadSettings.Read(Of(settings));

    private static IConfiguration Of(params (string Key, string Value)[] settings) => new ConfigurationBuilder()
        .AddInMemoryCollection(
            settings.GroupBy(setting => setting.Key).ToDictionary(setting => setting.Key, setting => (string?)setting.Last().Value))
            .Build();
}
