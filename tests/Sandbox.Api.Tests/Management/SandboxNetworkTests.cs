using System.Net;
using System.Net.Http.Json;
using System.Text;
using Sandbox.Api.Tests.Servers;
using Sandbox.Contracts.Ids;
using Sandbox.Contracts.Management;
using Sandbox.Contracts.Rock;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Specs;

namespace Sandbox.Api.Tests.Management;

/// <summary>The lists of what a sandbox may reach, at its start and later; what puts them in effect is a stand-in.</summary>
public sealed class SandboxNetworkTests(SharedApiServer shared) : IClassFixture<SharedApiServer>
{
    private readonly ApiServer _server = shared.Server;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Lists_OfAStart_AreInTheRecordAndInTheStatus()
    {
        var answer = await _server.PostAsync(
            "/start", """{"image":"busybox","sandbox_id":"net-start","egress":{"allow":["10.1.2.3","PyPI.org"],"deny":["10.9.0.0/16"]}}""");

        Assert.StartsWith("""{"status":"Success",""", answer, StringComparison.Ordinal);
        var status = await StatusAsync("net-start");
        Assert.Equal(["10.1.2.3/32", "pypi.org"], status.Egress!.Allow);
        Assert.Equal(["10.9.0.0/16"], status.Egress.Deny);
    }

    [Theory]
    [InlineData("""{"allow":["http://pypi.org"]}""", "egress.allow: 'http://pypi.org' is neither")]
    [InlineData("""{"deny":["pypi.org"]}""", "egress.deny: 'pypi.org' is no IPv4 network")]
    [InlineData("""{"allow":"pypi.org"}""", "body.egress.allow: Input should be a valid list")]
    [InlineData("""[]""", "body.egress: Input should be a valid dictionary")]
    public async Task Lists_OfAStart_ThatAreNone_AreRefused(string lists, string reason)
    {
        var answer = await _server.PostAsync("/start", $$"""{"image":"busybox","egress":{{lists}}}""");

        Assert.Contains(reason, answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Lists_OfARunningSandbox_AreWrittenAndThenPutInEffect()
    {
        var id = await _server.GivenRunningAsync();

        using var answer = await PutAsync(id, """{"allow":["pypi.org"],"deny":[]}""");

        Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
        Assert.Equal(["pypi.org"], (await StatusAsync(id.ToString())).Egress!.Allow);
        var applied = Assert.Single(_server.Get<TestEgress>().Applied, sandbox => sandbox.Id == id).Spec.Egress!;
        Assert.Equal(1, applied.Revision);

        using var opened = await PutAsync(id, "{}");
        Assert.Equal(HttpStatusCode.NoContent, opened.StatusCode);
        Assert.Null((await StatusAsync(id.ToString())).Egress);
        Assert.Equal([1, 2], _server.Get<TestEgress>().Applied.Where(sandbox => sandbox.Id == id).Select(one => one.Spec.Egress!.Revision));
    }

    [Fact]
    public async Task Lists_ThatCannotBePutInEffectNow_AreInTheRecord_AndTheAnswerSaysWhy()
    {
        var id = await _server.GivenRunningAsync();
        var egress = _server.Get<TestEgress>();
        egress.Apply = sandbox => sandbox.Id == id ? new SandboxError.AgentUnreachable(id, "its node n1 does not answer") : null;

        using var answer = await PutAsync(id, """{"allow":[]}""");

        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        Assert.Equal($"Sandbox {id} does not answer: its node n1 does not answer", (await ProblemAsync(answer)).Detail);
        Assert.Empty((await StatusAsync(id.ToString())).Egress!.Allow!);
    }

    [Fact]
    public async Task Lists_OfASandboxWhoseNetworkIsNotKeptApart_AreRefused_AndNotWritten()
    {
        var id = await _server.GivenRunningAsync();
        var running = (await _server.Store.FindAsync(id, Token))!;
        Assert.True(await _server.Store.TryUpdateFactsAsync(running with { EffectiveNetwork = "partial: no rights" }, Token));

        using var answer = await PutAsync(id, """{"allow":[]}""");

        Assert.Equal(HttpStatusCode.NotImplemented, answer.StatusCode);
        Assert.EndsWith("of its network is in effect: partial: no rights", (await ProblemAsync(answer)).Detail, StringComparison.Ordinal);
        Assert.Null((await _server.Store.FindAsync(id, Token))!.Spec.Egress);
    }

    [Fact]
    public async Task Lists_OfAStoppedSandbox_AreForItsNextStart()
    {
        var id = await _server.GivenStoppedAsync();

        using var answer = await PutAsync(id, """{"allow":["10.0.0.0/8"]}""");

        Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
        Assert.Equal(["10.0.0.0/8"], (await _server.Store.FindAsync(id, Token))!.Spec.Egress!.Allow);
        Assert.DoesNotContain(_server.Get<TestEgress>().Applied, sandbox => sandbox.Id == id);
    }

    [Theory]
    [InlineData("""{"allow":["a b"]}""", HttpStatusCode.BadRequest, "egress.allow: 'a b' is neither")]
    [InlineData("""{"allow":[null]}""", HttpStatusCode.BadRequest, "egress.allow: 'null' is neither")]
    [InlineData("""{"allow":7}""", HttpStatusCode.BadRequest, "The body is not JSON of the expected form.")]
    [InlineData("""null""", HttpStatusCode.BadRequest, "The body is not JSON of the expected form.")]
    public async Task Lists_ThatAreNone_ChangeNothing(string body, HttpStatusCode status, string reason)
    {
        var id = await _server.GivenRunningAsync();

        using var answer = await PutAsync(id, body);

        Assert.Equal(status, answer.StatusCode);
        Assert.StartsWith(reason, (await ProblemAsync(answer)).Detail, StringComparison.Ordinal);
        Assert.Null((await _server.Store.FindAsync(id, Token))!.Spec.Egress);
    }

    [Fact]
    public async Task Lists_OfASandboxWithoutANetwork_AreRefused()
    {
        await _server.PostAsync("/start", """{"image":"busybox","sandbox_id":"net-none","network":"none"}""");

        using var answer = await PutAsync(SandboxId.Parse("net-none"), """{"allow":[]}""");

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Equal(NetworkMode.None, (await _server.Store.FindAsync(SandboxId.Parse("net-none"), Token))!.Spec.Network);
    }

    [Fact]
    public async Task Lists_OfNoSandbox_AreNotFound()
    {
        using var answer = await PutAsync(SandboxId.Parse("nobody"), "{}");

        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
    }

    private async Task<HttpResponseMessage> PutAsync(SandboxId id, string json)
    {
        using var content = new StringContent(json, Encoding.UTF8, "application/json");
        return await _server.Http.PutAsync(new Uri($"/api/v1/sandboxes/{id}/network", UriKind.Relative), content, Token);
    }

    private Task<StatusResult> StatusAsync(string id) => _server.Client.StatusAsync(SandboxId.Parse(id), allStates: true, Token);

    private static async Task<ProblemMessage> ProblemAsync(HttpResponseMessage answer) =>
        (await answer.Content.ReadFromJsonAsync(ManagementJson.Default.ProblemMessage, Token))!;
}
