using System.Threading.Channels;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Sandbox.Contracts.Ids;
using Sandbox.Deployments.Docker;
using Sandbox.Node.Deployments;
using Sandbox.Testing;

namespace Sandbox.Worker.Tests.Docker;

public sealed class EngineWatchTests(DockerHarness docker) : IClassFixture<DockerHarness>
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [NeedsDockerFact]
    public async Task Watch_OfAContainerThatEndsAndIsRemoved_TellsBoth()
    {
        var seen = new Seen();
        using var watch = Watch("", seen);
        await watch.StartAsync(Token);
        await seen.NextAsync("engine back", Token);
        var sandbox = await docker.StartAsync(null, Token);

        await docker.Deployment.EnsureStoppedAsync(sandbox, Token);
        await docker.Deployment.EnsureGoneAsync(sandbox.Incarnation, Token);

        await seen.NextAsync($"{sandbox.Incarnation} {sandbox.Id} ended: exit code 143", Token);
        await seen.NextAsync($"{sandbox.Incarnation} {sandbox.Id} removed", Token);
        await watch.StopAsync(Token);
    }

    [NeedsDockerFact]
    public async Task Watch_OfAContainerOutOfMemory_SaysSo()
    {
        var seen = new Seen();
        using var watch = Watch("", seen);
        await watch.StartAsync(Token);
        await seen.NextAsync("engine back", Token);
        var deployment = docker.NewDeployment(command: DockerHarness.MemoryHog);
        var sandbox = DockerHarness.GivenSandbox(spec => spec with { MemoryBytes = 16 << 20 });

        await deployment.EnsureStartedAsync(new StartOrder(sandbox, null), new RecordedPhases(), Token);
        await DockerHarness.LetGoAsync(sandbox, Token);

        await seen.NextAsync($"{sandbox.Incarnation} {sandbox.Id} ended: out of memory, exit code 9", Token);
        await watch.StopAsync(Token);
    }

    [NeedsDockerFact]
    public async Task Watch_WhoseEngineGoesAway_TellsThatAndListensAnewWhenItIsBack()
    {
        await using var relay = new EngineRelay();
        var seen = new Seen();
        using var watch = Watch(relay.Address, seen);
        await watch.StartAsync(Token);
        await seen.NextAsync("engine back", Token);
        var sandbox = await docker.StartAsync(null, Token);

        relay.Cut();
        await seen.NextAsync("engine lost", Token);
        relay.Restore();
        await seen.NextAsync("engine back", Token);
        await docker.Deployment.EnsureStoppedAsync(sandbox, Token);

        await seen.NextAsync($"{sandbox.Incarnation} {sandbox.Id} ended: exit code 143", Token);
        await watch.StopAsync(Token);
    }

    [NeedsDockerFact]
    public async Task Watch_OfAWatcherThatThrows_GoesOn()
    {
        var seen = new Seen();
        using var watch = Watch("", new Broken(), seen);
        await watch.StartAsync(Token);
        await seen.NextAsync("engine back", Token);
        var sandbox = await docker.StartAsync(null, Token);

        await docker.Deployment.EnsureGoneAsync(sandbox.Incarnation, Token);

        await seen.NextAsync($"{sandbox.Incarnation} {sandbox.Id} removed", Token);
        await watch.StopAsync(Token);
    }

    private EngineWatch Watch(string dockerHost, params IEnumerable<IContainerWatch> watchers) => new(
        docker.Connect(dockerHost), watchers, Options.Create(docker.Options(dockerHost)), TimeProvider.System,
        NullLogger<EngineWatch>.Instance);

    private sealed class Seen : IContainerWatch
    {
        private readonly Channel<string> _said = Channel.CreateUnbounded<string>();

        /// <summary>Waits for one thing and passes over others: tests of a class share a cluster.</summary>
        public async Task NextAsync(string expected, CancellationToken cancellationToken)
        {
            var passed = new List<string>();
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            patience.CancelAfter(TimeSpan.FromSeconds(60));
            try
            {
                while (await _said.Reader.ReadAsync(patience.Token) is var said && said != expected)
                {
                    passed.Add(said);
                }
            }
            catch (OperationCanceledException)
            {
                Assert.Fail($"the watch was to tell '{expected}'; within 60 s it told only: {string.Join("; ", passed)}");
            }
        }

        public Task ContainerEndedAsync(IncarnationId incarnation, SandboxId sandbox, string reason, CancellationToken cancellationToken) =>
            SayAsync($"{incarnation} {sandbox} ended: {reason}");

        public Task ContainerRemovedAsync(IncarnationId incarnation, SandboxId sandbox, CancellationToken cancellationToken) =>
            SayAsync($"{incarnation} {sandbox} removed");

        public Task EngineLostAsync(string reason, CancellationToken cancellationToken) => SayAsync("engine lost");

        public Task EngineBackAsync(CancellationToken cancellationToken) => SayAsync("engine back");

        private Task SayAsync(string said) => _said.Writer.WriteAsync(said).AsTask();
    }

    private sealed class Broken : IContainerWatch
    {
        public Task ContainerEndedAsync(IncarnationId incarnation, SandboxId sandbox, string reason, CancellationToken cancellationToken) =>
            FailAsync();

        public Task ContainerRemovedAsync(IncarnationId incarnation, SandboxId sandbox, CancellationToken cancellationToken) => FailAsync();

        public Task EngineLostAsync(string reason, CancellationToken cancellationToken) => FailAsync();

        public Task EngineBackAsync(CancellationToken cancellationToken) => FailAsync();

        private static Task FailAsync() => throw new InvalidOperationException("a watcher of a test");
    }
}
