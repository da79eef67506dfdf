using Sandbox.Contracts.Ids;
using Sandbox.Domain.Lifecycle;

namespace Sandbox.Api.Tests.E2b;

public sealed class TimeoutTests(E2bServer server) : IClassFixture<E2bServer>
{
    [Theory]
    [InlineData("/v2/sandboxes", "", 300)]
    [InlineData("/sandboxes", "", 15)]
    [InlineData("/v2/sandboxes", ""","timeout":60""", 60)]
    public async Task Timeout_OfANewSandbox_CountsFromItsStartAndIsFixed(string path, string more, int seconds)
    {
        using var made = await server.AskAsync("POST", path, $$"""{"templateID":"tools"{{more}}}""");
        var record = await RecordAsync((await made.Content.ReadAsStringAsync()).Split('"')[3]);

        Assert.Equal(TimeSpan.FromSeconds(seconds), record.IdleDeadline - record.StartedAt);
        Assert.True(record.Spec.HasFixedTimeout, "no activity was to move the end of a sandbox of E2B's");
        Assert.True(record.Spec.RemoveContainer, "nothing was to be left of it at its end");
    }

    [Fact]
    public async Task Timeout_ThatIsSet_IsAbsolute()
    {
        var (id, _) = await server.GivenAsync(""","timeout":3600""");
        var before = TimeProvider.System.GetUtcNow();

        using var shorter = await server.AskAsync("POST", $"/sandboxes/{id}/timeout", """{"timeout":100}""");

        var deadline = (await RecordAsync(id)).IdleDeadline!.Value;
        Assert.Equal(204, (int)shorter.StatusCode);
        Assert.InRange(deadline, before.AddSeconds(100), TimeProvider.System.GetUtcNow().AddSeconds(100));
    }

    [Fact]
    public async Task Connect_OnlyExtends()
    {
        var (id, token) = await server.GivenAsync(""","timeout":3600""");
        var first = (await RecordAsync(id)).IdleDeadline!.Value;

        using var shorter = await server.AskAsync("POST", $"/v2/sandboxes/{id}/connect", """{"timeout":10}""");
        Assert.Equal(first, (await RecordAsync(id)).IdleDeadline);
        using var longer = await server.AskAsync("POST", $"/v2/sandboxes/{id}/connect", """{"timeout":7200}""");
        Assert.True((await RecordAsync(id)).IdleDeadline > first, "a longer timeout was to extend it");
        Assert.Contains(token, await longer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Timeout_OfASandboxThatEndsWhenItIsIdle_IsNotImplemented()
    {
        var id = await server.Api.GivenRunningAsync();
        var before = (await RecordAsync(id.ToString())).IdleDeadline;

        using var set = await server.AskAsync("POST", $"/sandboxes/{id}/timeout", """{"timeout":1}""");
        using var connected = await server.AskAsync("POST", $"/sandboxes/{id}/connect", """{"timeout":86400}""");

        Assert.Equal((501, 200), ((int)set.StatusCode, (int)connected.StatusCode));
        Assert.Equal(before, (await RecordAsync(id.ToString())).IdleDeadline);
    }

    private async Task<SandboxInstance> RecordAsync(string id) => (await server.Api.Store.FindAsync(SandboxId.Parse(id), default))!;
}
