using System.Text;
using System.Text.RegularExpressions;
using Sandbox.Api.Tests.Servers;

namespace Sandbox.Api.Tests.E2b;

/// <summary>A server that is spoken to as E2B's clients do.</summary>
public sealed partial class E2bServer : IAsyncLifetime
{
    internal const string Domain = "sandboxes.example";

    internal ApiServer Api { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Api = await ApiServer.StartAsync(
            ("E2b:Domain", Domain), ("E2b:Templates:tools:Image", "tools:1"), ("E2b:Templates:tools:Aliases:0", "team/tools"),
            ("E2b:Templates:tools:Cpus", "1"), ("E2b:Templates:tools:Memory", "256m"), ("E2b:Templates:tools:Disk", "10g"));
        Api.Agent.Answer(
            "/rock/get_statistics", """{"cpu":12.5,"mem":50,"disk":25,"disk_log_percent":0,"disk_dind_percent":0,"net":1}""");
    }

    public ValueTask DisposeAsync() => Api.DisposeAsync();

    /// <summary>Id and access token of a new sandbox.</summary>
    internal async Task<(string Id, string Token)> GivenAsync(string more = "")
    {
        using var answer = await AskAsync("POST", "/v2/sandboxes", $$"""{"templateID":"tools"{{more}}}""");
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True((int)answer.StatusCode == 201, $"a sandbox was to be created: {text}");
        return (Id().Match(text).Groups[1].Value, Token().Match(text).Groups[1].Value);
    }

    /// <summary>As E2B's clients send it: the length of a body is not stated.</summary>
    internal async Task<HttpResponseMessage> AskAsync(string method, string path, string? json = null, string? key = null)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (json is not null)
        {
            request.Content = new StringContent(json, Encoding.UTF8, "application/json");
            request.Headers.TransferEncodingChunked = true;
        }

        if (key is not null)
        {
            request.Headers.Add("X-API-KEY", key);
        }

        return await Api.Http.SendAsync(request);
    }

    /// <summary>Status, the headers that matter and the body, without what differs from one time to the next.</summary>
    internal static async Task<string> RecordAsync(HttpResponseMessage answer, string id)
    {
        using (answer)
        {
            var body = await answer.Content.ReadAsStringAsync();
            if (body.Length > 0)
            {
                Assert.Equal("application/json", answer.Content.Headers.ContentType?.ToString());
            }

            var masked = Token().Replace(body.Replace(id, "ID", StringComparison.Ordinal), "\"${2}AccessToken\":\"TOKEN\"");
            return $"{(int)answer.StatusCode} {Unix().Replace(Moment().Replace(masked, "\"TIME\""), "\"timestampUnix\":0")}".Trim();
        }
    }

    [GeneratedRegex("\"sandboxID\":\"([a-z0-9]+)\"")]
    private static partial Regex Id();

    [GeneratedRegex("\"(?<2>envd|traffic)AccessToken\":\"(?<1>[0-9a-f]{64})\"")]
    private static partial Regex Token();

    [GeneratedRegex("\"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z\"")]
    private static partial Regex Moment();

    [GeneratedRegex("\"timestampUnix\":[0-9]+")]
    private static partial Regex Unix();
}
