using Sandbox.Api.Tests.Servers;
using Sandbox.Domain.Lifecycle;

namespace Sandbox.Api.Tests.Sandboxes;

public sealed class StopRestartDeleteTests(SharedApiServer shared) : IClassFixture<SharedApiServer>
{
    private const string Malformed = "'a b' is not a sandbox id: 1 to 63 characters of A-Z a-z 0-9 _ . -, the first a letter or digit.";

    private readonly ApiServer _server = shared.Server;

    [Fact]
    public async Task Stop_OfARunning_SaysSo()
    {
        var id = await _server.GivenRunningAsync();

        var answer = await _server.PostAsync("/stop", Id(id));

        Assert.Equal(Done($"{id} stopped"), answer);
    }

    [Fact]
    public async Task Stop_AskedAgain_SucceedsAgain()
    {
        var id = await _server.GivenStoppedAsync();

        Assert.Equal(Done($"{id} stopped"), await _server.PostAsync("/stop", Id(id)));
        Assert.Equal(Done("nobody stopped"), await _server.PostAsync("/stop", Id("nobody")));
    }

    [Fact]
    public async Task Stop_WithoutAnAutoDelete_DeletesAtOnce()
    {
        await _server.PostAsync("/start", """{"image":"busybox","sandbox_id":"cascade"}""");

        var answer = await _server.PostAsync("/stop", Id("cascade"));

        Assert.Equal(Done("cascade stopped"), answer);
        var status = await _server.GetAsync("/get_status?sandbox_id=cascade&include_all_states=true");
        Assert.Contains("\"state\":\"deleted\"", status, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Stop_OfAMalformedId_IsAKnownErrorAndNoHttp500()
    {
        Assert.Equal(Failed("stop sandbox failed", Malformed), await _server.PostAsync("/stop", Id("a b")));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Restart_OfAStopped_NamesTheSandbox(bool byPath)
    {
        var id = await _server.GivenStoppedAsync();

        var answer = byPath ? await _server.PostAsync($"/sandboxes/{id}/restart", "") : await _server.PostAsync("/restart", Id(id));

        Assert.Equal(
            $$$"""{"status":"Success","message":null,"error":null,"result":{"code":null,"exit_code":null,"failure_reason":null,"sandbox_id":"{{{id}}}","host_name":"node-1","host_ip":"10.0.0.1","cpus":null,"memory":null,"disk":null,"disk_limit_rootfs":null}}""",
            answer);
        Assert.True((await _server.Operator.WaitUntilAliveAsync(id, default)).TryGet(out _, out _));
    }

    [Fact]
    public async Task Restart_OfWhatRunsOrIsUnknown_FailsWith4000()
    {
        var id = await _server.GivenRunningAsync();

        Assert.Equal(
            StartFailed("restart sandbox failed", $"Sandbox {id} is running; restart is not possible now."),
            await _server.PostAsync("/restart", Id(id)));
        Assert.Equal(
            StartFailed("restart sandbox failed", "Sandbox nobody not found."), await _server.PostAsync("/sandboxes/nobody/restart", ""));
        Assert.Equal(StartFailed("restart sandbox failed", Malformed), await _server.PostAsync("/sandboxes/a%20b/restart", ""));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Delete_OfAStopped_IsForGood(bool byVerb)
    {
        var id = await _server.GivenStoppedAsync();

        var answer = byVerb ? await DeleteAsync($"{id}") : await _server.PostAsync("/delete", Id(id));

        Assert.Equal(Done($"{id} deleted"), answer);
        Assert.Equal(SandboxState.Deleted, (await _server.Store.FindAsync(id, default))!.State);
        Assert.Equal(Done($"{id} deleted"), await DeleteAsync($"{id}"));
    }

    [Fact]
    public async Task Delete_OfTheUnknownOrBlank_Succeeds()
    {
        Assert.Equal(Done("nobody deleted"), await DeleteAsync("nobody"));
        Assert.Equal(Done(" deleted"), await _server.PostAsync("/delete", Id("")));
    }

    [Fact]
    public async Task Delete_OfWhatRuns_FailsWith4000()
    {
        var id = await _server.GivenRunningAsync();

        Assert.Equal(
            Failed("delete sandbox failed", $"Sandbox {id} is running; delete is not possible now."),
            await _server.PostAsync("/delete", Id(id)));
        Assert.Equal(Failed("delete sandbox failed", Malformed), await DeleteAsync("a%20b"));
    }

    private async Task<string> DeleteAsync(string id)
    {
        using var answer = await _server.Http.DeleteAsync($"{ApiServer.Rock}/sandboxes/{id}");
        Assert.Equal(200, (int)answer.StatusCode);
        return await answer.Content.ReadAsStringAsync();
    }

    private static string Id(object id) => $$"""{"sandbox_id":"{{id}}"}""";

    private static string Done(string text) => $$"""{"status":"Success","message":null,"error":null,"result":"{{text}}"}""";

    private static string Failed(string message, string reason) =>
        $$$"""{"status":"Failed","message":"{{{message}}}","error":"{{{reason}}}","result":{"code":4000,"exit_code":null,"failure_reason":"{{{reason}}}"}}""";

    private static string StartFailed(string message, string reason) =>
        $$$"""{"status":"Failed","message":"{{{message}}}","error":"{{{reason}}}","result":{"code":4000,"exit_code":null,"failure_reason":"{{{reason}}}","sandbox_id":null,"host_name":null,"host_ip":null,"cpus":null,"memory":null,"disk":null,"disk_limit_rootfs":null}}""";
}
