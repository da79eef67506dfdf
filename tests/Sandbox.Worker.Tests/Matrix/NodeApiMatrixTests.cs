using Microsoft.AspNetCore.Routing;
using Sandbox.Cluster;
using Sandbox.Cluster.Signatures;
using Sandbox.Contracts.Ids;
using Sandbox.Contracts.Jobs;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Stores;
using Sandbox.Testing.Routes;
using Sandbox.Worker.Tests.Running;

namespace Sandbox.Worker.Tests.Matrix;

/// <summary>
/// Every route of a worker's internal port, asked by every kind of caller: one that does not prove that it is of the cluster
/// learns nothing and reaches no agent, and one that does reaches what runs here and nothing else. The routes come from the
/// program itself, so that a new one without a row fails.
/// </summary>
public sealed class NodeApiMatrixTests(NodeApiServer shared) : IClassFixture<NodeApiServer>, IAsyncLifetime
{
    /// <summary>A call ends a moment after its answer, and is counted as activity once more when it does: that of the test before is not
    /// this one's.</summary>
    public async ValueTask InitializeAsync() =>
        await WorkerHost.UntilAsync(() => !shared.Agent.IsCalled, "the calls of the test before have ended");

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private string Here => $"{shared.Running.Id}/{shared.Running.Incarnation}";

    public static TheoryData<string> Routes() => [.. NodeApiRows.All.Select(row => row.Route)];

    /// <summary>The ways that lead on to an agent.</summary>
    public static TheoryData<string> AgentRoutes() =>
        [.. NodeApiRows.All.Where(row => row.Names is Named.Sandbox && !row.AnswersAlike).Select(row => row.Route)];

    [Fact]
    public void Routes_OfTheWorker_AllHaveARow()
    {
        var endpoints = shared.Get<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Select(endpoint => (endpoint.RoutePattern.RawText!, endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods ?? []));

        Assert.Empty(RouteTable.Compare(endpoints, NodeApiRows.AgentWays, NodeApiRows.All));
    }

    [Theory]
    [MemberData(nameof(Routes))]
    public async Task Route_AskedByAStranger_IsDeniedAlikeWhateverThereIs(string route)
    {
        var row = Row(route);
        var used = shared.Agent.LastActivity;
        var first = await AskAsync(row, Nowhere(), _ => { });
        Assert.StartsWith("HTTP 401\n", first, StringComparison.Ordinal);
        Assert.Contains($"{NodeApiRoutes.OwnAnswer}: {NodeApiRoutes.Denied}\n", first, StringComparison.Ordinal);

        foreach (var (name, sign) in shared.Callers.Strangers(shared.AdminKey))
        {
            foreach (var id in (string[])[Here, Nowhere(), "no%20id/at%20all"])
            {
                var answer = await AskAsync(row, id, sign);
                Assert.True(answer == first, $"{name}, about {id}: the answer was to be the same as to anybody:\n{answer}\n{first}");
            }
        }

        Assert.False(shared.Agent.IsCalled, "no call of a stranger was to be on its way to the agent");
        Assert.True(shared.Agent.LastActivity == used, "a stranger's call was not to count as use of the sandbox: it reaches no agent");
    }

    [Theory]
    [MemberData(nameof(Routes))]
    public async Task Route_AskedWithTheRightProof_IsServed(string route)
    {
        var answer = await AskAsync(Row(route), Here, shared.Callers.Right);

        Assert.False(answer.StartsWith("HTTP 401\n", StringComparison.Ordinal), $"a process of the cluster was to be let in: {answer}");
        Assert.DoesNotContain(NodeApiRoutes.OwnAnswer, answer, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(AgentRoutes))]
    public async Task AgentRoute_AskedWithTheRightProof_ReachesTheAgent_AndCountsAsUse(string route)
    {
        var used = shared.Agent.LastActivity;

        await AskAsync(Row(route), Here, shared.Callers.Right);

        await WorkerHost.UntilAsync(
            () => shared.Agent.LastActivity > used, "the call counts as use of the sandbox, so it went to its agent");
    }

    [Theory]
    [MemberData(nameof(AgentRoutes))]
    public async Task AgentRoute_AskedForWhatIsNotHere_SaysSoAndReachesNoAgent(string route)
    {
        var used = shared.Agent.LastActivity;
        var elsewhere = await GivenRecordOfAnotherNodeAsync();
        var unknown = await AskAsync(Row(route), Nowhere(), shared.Callers.Right);
        Assert.StartsWith("HTTP 421\n", unknown, StringComparison.Ordinal);
        Assert.Contains($"{NodeApiRoutes.OwnAnswer}: {NodeApiRoutes.NotHere}\n", unknown, StringComparison.Ordinal);

        // An incarnation that is over, one on another node, and what is no id: whatever the reason, it is not here.
        foreach (var id in (string[])[$"{shared.Running.Id}/{IncarnationId.New()}", elsewhere, "-/-",
            $"{shared.Running.Id}%2F{shared.Running.Incarnation}/x"])
        {
            Assert.Equal(unknown, await AskAsync(Row(route), id, shared.Callers.Right));
        }

        Assert.True(shared.Agent.LastActivity == used, "what was asked for another sandbox was not to reach this one's agent");
    }

    /// <summary>What decision 6 says: a request that was overheard does nothing, neither again nor as another one.</summary>
    [Theory]
    [MemberData(nameof(Routes))]
    public async Task Signature_OfARequestThatHasCome_OpensNothingAnyMore(string route)
    {
        var request = Row(route).Ask(Here);
        shared.Callers.Right(request);
        var signature = request.Headers.GetValues(RequestSignature.Header).Single();
        void Replay(HttpRequestMessage another) => another.Headers.Add(RequestSignature.Header, signature);

        var first = await Answer.OfAsync(shared.Http, request, TestContext.Current.CancellationToken);

        Assert.False(first.StartsWith("HTTP 401\n", StringComparison.Ordinal), $"the request itself was to be let in: {first}");
        foreach (var row in NodeApiRows.All)
        {
            Assert.StartsWith("HTTP 401\n", await AskAsync(row, Here, Replay), StringComparison.Ordinal);
        }
    }

    /// <summary>A request that was caught on its way, and goes on with another body.</summary>
    [Fact]
    public async Task Body_ThatIsNotTheSignedOne_ReachesNoAgent()
    {
        var row = Row(NodeApiRows.AgentWays[0]);
        var used = shared.Agent.LastActivity;

        var answer = await AskAsync(row, Here, request =>
        {
            shared.Callers.Right(request);
            request.Content = new StringContent("""{"command":["rm"]}""", System.Text.Encoding.UTF8, "application/json");
        });

        Assert.StartsWith("HTTP 401\n", answer, StringComparison.Ordinal);
        Assert.True(shared.Agent.LastActivity == used, "a call with another body than the signed one was not to reach the agent");
    }

    private static RouteRow Row(string route) => NodeApiRows.All.Single(row => row.Route == route);

    private static string Nowhere() => $"{SandboxId.New()}/{IncarnationId.New()}";

    private async Task<string> AskAsync(RouteRow row, string id, Action<HttpRequestMessage> sign)
    {
        var request = row.Ask(id);
        sign(request);
        return await Answer.OfAsync(shared.Http, request, TestContext.Current.CancellationToken);
    }

    /// <summary>A sandbox that runs, on another node.</summary>
    private async Task<string> GivenRecordOfAnotherNodeAsync()
    {
        var record = WorkerHost.Prepare(
            $"{SandboxId.New()}") with
        { State = SandboxState.Running, HostName = "node-2", TransientDeadline = null };
        var job = new StartSandboxJob { SandboxId = record.Id, Incarnation = record.Incarnation, SandboxVersion = record.Version };
        Assert.True(
            (await shared.Get<ISandboxStore>().TryCreateAsync(record, job, TestContext.Current.CancellationToken))
            .TryGet(out _, out var error), error?.Text);
        return $"{record.Id}/{record.Incarnation}";
    }
}
