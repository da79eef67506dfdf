using Microsoft.Extensions.Configuration;
using Sandbox.Api.Tests.Servers;
using Sandbox.Contracts.Ids;

namespace Sandbox.Api.Tests.Sandboxes;

/// <summary>Changes of the configuration reach the starts after them, without a restart of the process.</summary>
public sealed class StartOptionsReloadTests : IAsyncLifetime
{
    private ApiServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await ApiServer.StartAsync();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task Limit_Changed_HoldsForTheNextStart()
    {
        var before = await StartAsync("\"cpus\":4");
        Change("Limits:MaxCpus", "3");

        var after = await StartAsync("\"cpus\":4");

        Assert.StartsWith("""{"status":"Success",""", before, StringComparison.Ordinal);
        Assert.Contains("cpus: 4 is above the limit of 3", after, StringComparison.Ordinal);
    }

    [Fact]
    public async Task EnvironmentAndLifetime_Changed_AreInTheNextRecordAndNotInTheOneBefore()
    {
        var (first, second) = (SandboxId.New(), SandboxId.New());
        await StartAsync($"\"sandbox_id\":\"{first}\"");
        Change("Start:Environment:SITE", "b");
        Change("Lifecycle:MaxLifetime", "08:00:00");

        await StartAsync($"\"sandbox_id\":\"{second}\"");

        var (earlier, later) = (await _server.Store.FindAsync(first, default), await _server.Store.FindAsync(second, default));
        Assert.Empty(earlier!.Spec.Env);
        Assert.Equal(("b", TimeSpan.FromHours(8)), (later!.Spec.Env["SITE"], later.Spec.MaxLifetime));
    }

    [Fact]
    public async Task Settings_ChangedToWhatCannotBe_ChangeNothingAndAreLoggedOnce()
    {
        Change("Start:DiskOvercommitRatio", "2");
        var id = SandboxId.New();
        await StartAsync("\"cpus\":1");
        Change("Start:DiskOvercommitRatio", "0.1");

        var answer = await StartAsync($"\"sandbox_id\":\"{id}\"");
        await StartAsync("\"cpus\":1");

        Assert.StartsWith("""{"status":"Success",""", answer, StringComparison.Ordinal);
        Assert.Equal(2, (await _server.Store.FindAsync(id, default))!.Spec.DiskOvercommitRatio);
        Assert.Single(_server.Logs.Lines, line => line.StartsWith("3911 ", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("a-key", 4.0)]
    [InlineData("another", null)]
    [InlineData(null, null)]
    public async Task Cpus_AboveThoseAskedFor_AreForListedKeys(string? key, double? limit)
    {
        Change("Start:CpuOvercommitHeadroom", "2");
        Change("Start:CpuOvercommitKeyHashes:0", "7d6c9e8a0e2f0a3b6a5d3e4f1c2b3a4958676a5b4c3d2e1f0a9b8c7d6e5f4a3b");
        Change("Start:CpuOvercommitKeyHashes:1", Convert.ToHexString(System.Security.Cryptography.SHA256.HashData("a-key"u8)));
        var id = SandboxId.New();
        using var request = new HttpRequestMessage(HttpMethod.Post, ApiServer.Rock + "/start_async");
        request.Content = new StringContent(
            $$"""{"image":"busybox","sandbox_id":"{{id}}","cpus":2}""", System.Text.Encoding.UTF8, "application/json");
        if (key is not null)
        {
            request.Headers.Add("X-Key", key);
        }

        using var answer = await _server.Http.SendAsync(request);

        Assert.Equal(limit, (await _server.Store.FindAsync(id, default))!.Spec.LimitCpus);
    }

    private Task<string> StartAsync(string field) => _server.PostAsync("/start_async", $$"""{"image":"busybox",{{field}}}""");

    private void Change(string name, string value)
    {
        var configuration = (IConfigurationRoot)_server.Get<IConfiguration>();
        configuration[name] = value;
        try
        {
            configuration.Reload();
        }
        catch (Exception exception) when (exception is AggregateException or Microsoft.Extensions.Options.OptionsValidationException)
        {
            // Who changes the configuration in this process is told; a file's change is nobody's call.
        }
    }
}
