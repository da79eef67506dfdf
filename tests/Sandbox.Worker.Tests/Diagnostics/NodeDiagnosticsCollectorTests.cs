using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using Sandbox.Contracts.Cluster;
using Sandbox.Node;
using Sandbox.Node.Diagnostics;

namespace Sandbox.Worker.Tests.Diagnostics;

public sealed class NodeDiagnosticsCollectorTests
{
    private readonly FakeTimeProvider _time = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Collect_TellsTheChecksOfEachPartInTheirOrder()
    {
        var told = await Collector(
            new Source("one", _ => Checks("a", "b")), new Source("two", _ => Checks("c"))).CollectAsync(Token);

        Assert.Equal("node-1", told.Node);
        Assert.Equal(_time.GetUtcNow().ToUnixTimeMilliseconds(), told.AtMilliseconds);
        Assert.Equal(["a", "b", "c"], told.Checks.Select(check => check.Name));
    }

    [Fact]
    public async Task Collect_OfAPartThatHangs_IsAFailedCheckOfItAndTheOthersAreTold()
    {
        var collecting = Collector(
            new Source("some engine", _ => new TaskCompletionSource<IReadOnlyList<DiagnosticCheck>>().Task),
            new Source("two", _ => Checks("c"))).CollectAsync(Token);

        _time.Advance(NodeDiagnosticsCollector.Within);
        var told = await collecting;

        Assert.Equal(
            [("some_engine", DiagnosticCheck.Failed), ("c", DiagnosticCheck.Ok)],
            told.Checks.Select(check => (check.Name, check.Status)));
        Assert.Contains("did not answer within 10 s", told.Checks[0].Found, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Collect_OfAPartThatThrows_IsAFailedCheckWithItsReason()
    {
        var told = await Collector(new Source("engine", _ => throw new IOException("no such file"))).CollectAsync(Token);

        var check = Assert.Single(told.Checks);
        Assert.Equal(DiagnosticCheck.Failed, check.Status);
        Assert.Contains("no such file", check.Found, StringComparison.Ordinal);
    }

    private NodeDiagnosticsCollector Collector(params IDiagnosticSource[] sources) => new(
        sources, new NodeIdentity(Options.Create(new WorkerOptions { NodeName = "node-1", ClusterId = "c", DataFolder = "/d" })), _time);

    private static Task<IReadOnlyList<DiagnosticCheck>> Checks(params string[] names) =>
        Task.FromResult<IReadOnlyList<DiagnosticCheck>>([.. names.Select(name => DiagnosticCheck.Good(name, "fine"))]);

    private sealed class Source(string subject, Func<CancellationToken, Task<IReadOnlyList<DiagnosticCheck>>> checkAsync)
        : IDiagnosticSource
    {
        public string Subject => subject;

        public Task<IReadOnlyList<DiagnosticCheck>> CheckAsync(CancellationToken cancellationToken) => checkAsync(cancellationToken);
    }
}
