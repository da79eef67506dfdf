namespace Sandbox.Agent.Tests.Running;

/// <summary>For what gives no signal across a process border: asks again until it is so, with the reason in the failure.</summary>
internal static class Wait
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    internal static Task UntilAsync(Func<bool> condition, string expected) => UntilAsync(() => Task.FromResult(condition()), expected);

    internal static async Task UntilAsync(Func<Task<bool>> condition, string expected)
    {
        using var limit = new CancellationTokenSource(Patience);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (!await condition())
        {
            Assert.False(limit.IsCancellationRequested, expected);
            await timer.WaitForNextTickAsync();
        }
    }
}
