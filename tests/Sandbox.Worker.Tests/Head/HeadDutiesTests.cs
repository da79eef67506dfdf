using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Sandbox.Domain.Stores;
using Sandbox.Node;
using Sandbox.Node.Leadership;
using Sandbox.Node.Leases;

namespace Sandbox.Worker.Tests.Head;

public sealed class HeadDutiesTests
{
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));

    /// <summary>After an outage of everything the head is back first: a node that follows is not called dead meanwhile.</summary>
    [Fact]
    public async Task Duty_ThatLooksOn_HasItsFirstRoundOnlyAfterThat()
    {
        var begun = _time.GetUtcNow();
        var duty = new Noted(_time);
        using var meters = new ServiceCollection().AddMetrics().BuildServiceProvider();
        using var duties = new LeaderDuties(
            new Head(), [duty], new WorkerTelemetry(meters.GetRequiredService<IMeterFactory>()), _time, NullLogger<LeaderDuties>.Instance);

        await duties.StartAsync(TestContext.Current.CancellationToken);
        while (!duty.Ran.IsCompleted)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            await Task.WhenAny(duty.Ran, Task.Run(static () => { }, TestContext.Current.CancellationToken));
        }

        Assert.True(
            await duty.Ran - begun >= NodeView.LostGrace,
            $"the first round was to come {NodeView.LostGrace} after the head began, and came after {await duty.Ran - begun}");
        await duties.StopAsync(TestContext.Current.CancellationToken);
    }

    private sealed class Head : ILeaderLease
    {
        public LeaseToken? Current { get; } = new(new Fence(Lease.Head, 1), CancellationToken.None);

        public Task<LeaseToken> WhenHeldAsync(CancellationToken cancellationToken) => Task.FromResult(Current!);
    }

    private sealed class Noted(TimeProvider time) : IClusterDuty
    {
        private readonly TaskCompletionSource<DateTimeOffset> _ran = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TimeSpan Every => TimeSpan.FromSeconds(2);

        public TimeSpan LookOn => NodeView.LostGrace;

        public Task<DateTimeOffset> Ran => _ran.Task;

        public Task RunAsync(CancellationToken cancellationToken)
        {
            _ran.TrySetResult(time.GetUtcNow());
            return Task.CompletedTask;
        }
    }
}
