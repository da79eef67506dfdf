using System.Globalization;
using System.Text.Json;

namespace Sandbox.Api.Tests.E2b;

public sealed class SandboxListTests(E2bServer server) : IClassFixture<E2bServer>
{
    [Theory]
    [InlineData("")]
    [InlineData("&order=asc")]
    public async Task List_PageByPage_HasEachOnceInOrder(string order)
    {
        var run = Guid.NewGuid().ToString("N");
        var made = new List<string>();
        for (var count = 0; count < 5; count++)
        {
            made.Add((await server.GivenAsync($$""","metadata":{"run":"{{run}}"}""")).Id);
        }

        var pages = new List<string>();
        var read = new List<string>();
        for (string? token = ""; token is not null;)
        {
            var (ids, next) = await ListAsync(
                $"/v2/sandboxes?limit=2{order}&metadata=run%3D{run}" + (token.Length > 0 ? $"&nextToken={token}" : ""));
            pages.Add(string.Join(' ', ids));
            read.AddRange(ids);
            token = next;

            // What comes meanwhile moves no page.
            if (pages.Count == 1 && order.Length == 0)
            {
                await server.GivenAsync($$""","metadata":{"run":"{{run}}"}""");
            }
        }

        Assert.Equal(3, pages.Count);
        Assert.Equal(order.Length > 0 ? made : Enumerable.Reverse(made), read);
    }

    [Fact]
    public async Task List_WithoutALimit_HasOnePage()
    {
        await server.GivenAsync();

        var (_, next) = await ListAsync("/v2/sandboxes");

        Assert.Null(next);
    }

    /// <summary>The form as E2B's clients make it: of names and values that are encoded already, and all of it once more by the
    /// query.</summary>
    [Theory]
    [InlineData("a b&c=d", "e f%+g")]
    [InlineData("plain", "")]
    public async Task List_ByMetadata_FindsWhatHasTheEntry(string name, string value)
    {
        var key = name + Guid.NewGuid().ToString("N");
        var (id, _) = await server.GivenAsync(
            $$""","metadata":{{JsonSerializer.Serialize(new Dictionary<string, string> { [key] = value, ["other"] = "1" })}}""");
        var form = $"{Twice(key)}={Twice(value)}&other=1";

        Assert.Equal([id], (await ListAsync("/v2/sandboxes?metadata=" + Uri.EscapeDataString(form))).Ids);
        Assert.Equal([id], (await ListAsync("/sandboxes?metadata=" + Uri.EscapeDataString(form))).Ids);
        Assert.Empty((await ListAsync("/v2/sandboxes?metadata=" + Uri.EscapeDataString(form + "&other=2"))).Ids);
    }

    [Fact]
    public async Task List_ByTemplateStateAndTime_HasOnlyThese()
    {
        var (id, _) = await server.GivenAsync();
        var record = await server.Api.Store.FindAsync(Contracts.Ids.SandboxId.Parse(id), default);
        var at = Uri.EscapeDataString(record!.CreatedAt.ToString("O", CultureInfo.InvariantCulture));
        var later = Uri.EscapeDataString(record.CreatedAt.AddHours(1).ToString("O", CultureInfo.InvariantCulture));

        Assert.Contains(id, (await ListAsync("/v2/sandboxes?template=tools")).Ids);
        Assert.Contains(id, (await ListAsync("/v2/sandboxes?template=team%2Ftools")).Ids);
        Assert.DoesNotContain(id, (await ListAsync("/v2/sandboxes?template=base")).Ids);
        Assert.Contains(id, (await ListAsync("/v2/sandboxes?state=running,paused")).Ids);
        Assert.Empty((await ListAsync("/v2/sandboxes?state=paused")).Ids);
        Assert.Contains(id, (await ListAsync($"/v2/sandboxes?startedAfter={at}")).Ids);
        Assert.DoesNotContain(id, (await ListAsync($"/v2/sandboxes?startedAfter={later}")).Ids);
    }

    /// <summary>The sandboxes of both APIs are the same.</summary>
    [Fact]
    public async Task Sandbox_OfTheOneApi_IsListedAndEndedByTheOther()
    {
        var rocks = (await server.Api.GivenRunningAsync()).ToString();
        var (ours, _) = await server.GivenAsync();

        Assert.Contains(rocks, (await ListAsync("/v2/sandboxes")).Ids);
        Assert.Contains(ours, await server.Api.GetAsync("/sandboxes"), StringComparison.Ordinal);

        using var killed = await server.AskAsync("DELETE", $"/sandboxes/{rocks}");
        await server.Api.PostAsync("/stop", $$"""{"sandbox_id":"{{ours}}"}""");

        Assert.Equal(204, (int)killed.StatusCode);
        var left = (await ListAsync("/v2/sandboxes")).Ids;
        Assert.DoesNotContain(rocks, left);
        Assert.DoesNotContain(ours, left);
        foreach (var id in new[] { rocks, ours })
        {
            var record = await server.Api.Store.FindAsync(Contracts.Ids.SandboxId.Parse(id), default);
            Assert.True(record!.State is Domain.Lifecycle.SandboxState.Deleted, $"{id} was to be gone, and is {record.State}");
        }
    }

    private static string Twice(string text) => Uri.EscapeDataString(Uri.EscapeDataString(text));

    private async Task<(IReadOnlyList<string> Ids, string? Next)> ListAsync(string path)
    {
        using var answer = await server.AskAsync("GET", path);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True((int)answer.StatusCode == 200, $"{path} was to be answered: {text}");
        using var list = JsonDocument.Parse(text);
        return (
            [.. list.RootElement.EnumerateArray().Select(one => one.GetProperty("sandboxID").GetString()!)],
            answer.Headers.TryGetValues("X-Next-Token", out var next) ? next.Single() : null);
    }
}
