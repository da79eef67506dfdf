using Sandbox.Domain.Errors;
using Sandbox.Domain.Lifecycle;

namespace Sandbox.Worker.Tests.Docker;

/// <summary>M9: which GPUs the engine is told to give to whom. What it does with them needs a machine that has some.</summary>
public sealed class GpuAssignmentTests
{
    [Fact]
    public async Task Starts_AtOnce_GiveNoGpuToTwo()
    {
        await using var engine = await GpuEngine.StartAsync();

        var started = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => engine.MustStartAsync(1)));

        Assert.Equal(["g0", "g1", "g2", "g3"], started.SelectMany(engine.Of).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Start_ThatAsksForNone_GetsNone()
    {
        await using var engine = await GpuEngine.StartAsync();

        Assert.Empty(engine.Of(await engine.MustStartAsync(0)));
    }

    [Fact]
    public async Task Start_OfAPart_TakesAWholeOne()
    {
        await using var engine = await GpuEngine.StartAsync();
        var half = await engine.MustStartAsync(0.5);

        var other = await engine.MustStartAsync(3);

        Assert.Equal(["g0"], engine.Of(half));
        Assert.Equal(["g1", "g2", "g3"], engine.Of(other));
    }

    [Fact]
    public async Task Start_WithFewerFreeThanItAsksFor_FailsWithTheNumbers()
    {
        await using var engine = await GpuEngine.StartAsync();
        await engine.MustStartAsync(3);

        var (_, error) = await engine.StartAsync(2);

        Assert.Equal("2 GPUs are asked for; this node has 4, and 1 are free", Reason(error));
        await engine.MustStartAsync(1);
    }

    [Fact]
    public async Task Start_AfterTheNodeWasStartedAgain_LeavesThoseThatAreInUse()
    {
        await using var engine = await GpuEngine.StartAsync();
        await engine.MustStartAsync(2);
        engine.RestartNode();

        Assert.Equal(["g2"], engine.Of(await engine.MustStartAsync(1)));
    }

    [Fact]
    public async Task Stop_GivesBack_WhatTheNextStartTakes()
    {
        await using var engine = await GpuEngine.StartAsync();
        var first = await engine.MustStartAsync(4);
        await engine.Node.EnsureStoppedAsync(first, CancellationToken.None);

        var second = await engine.MustStartAsync(1);

        Assert.Equal(["g0"], engine.Of(second));
        Assert.Equal(
            "it was made with the GPUs g0, g1, g2, g3, and other sandboxes use g0 now", Reason(await engine.RestartAsync(first)));
        await engine.Node.EnsureGoneAsync(second.Incarnation, CancellationToken.None);
        Assert.Null(await engine.RestartAsync(first));
        Assert.Equal("1 GPUs are asked for; this node has 4, and 0 are free", Reason((await engine.StartAsync(1)).Error));
    }

    private static string Reason(SandboxError? error)
    {
        var failed = Assert.IsType<SandboxError.StartFailed>(error);
        Assert.Equal(SandboxPhase.DockerRun, failed.Phase);
        return failed.Reason;
    }
}
