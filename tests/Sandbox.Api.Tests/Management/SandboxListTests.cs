using System.Net;
using Sandbox.Api.Tests.Servers;

namespace Sandbox.Api.Tests.Management;

/// <summary>The list of all sandboxes, whatever their state.</summary>
public sealed class SandboxListTests
{
    [Fact]
    public async Task List_HoldsEveryState_AndWhatWasDeletedLatelyOnlyWhereItIsAskedFor()
    {
        await using var server = await ApiServer.StartAsync();
        await server.GivenRunningAsync("runs");
        await server.GivenStoppedAsync("stopped");
        await server.GivenStoppedAsync("deleted");
        await server.PostAsync("/delete", """{"sandbox_id":"deleted"}""");

        Assert.Equal("runs running, stopped stopped", await ListAsync(server, deleted: false));
        Assert.Equal("deleted deleted", await ListAsync(server, deleted: true));
        Assert.Equal("stopped stopped", await ListAsync(server, deleted: false, ("state", "stopped")));
        Assert.Equal("", await ListAsync(server, deleted: false, ("image", "another")));
    }

    [Fact]
    public async Task List_ByAnUnknownField_IsRefused()
    {
        await using var server = await ApiServer.StartAsync();

        using var answer = await server.AskAsync(key: null, "/api/v1/sandboxes?colour=red");

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains("colour: there is no such parameter", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    private static async Task<string> ListAsync(ApiServer server, bool deleted, params (string Name, string Value)[] filter)
    {
        var page = await server.Client.ListAllAsync(
            filter.ToDictionary(field => field.Name, field => field.Value), deleted, page: 1, pageSize: 10,
            TestContext.Current.CancellationToken);
        Assert.Equal(page.Items.Count, page.Total);
        return string.Join(
            ", ", page.Items.OrderBy(item => item.SandboxId, StringComparer.Ordinal).Select(item => $"{item.SandboxId} {item.State}"));
    }
}
