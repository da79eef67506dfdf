using System.Diagnostics;
using Xunit;

namespace Sandbox.Testing.Clusters;

/// <summary>Asks again until it is as expected: for what another process does by itself.</summary>
public static class Wait
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(50);

    /// <param name="expectation">Asked only when it failed.</param>
    public static async Task UntilAsync(Func<Task<bool>> holds, Func<string> expectation)
    {
        using var ticks = new PeriodicTimer(LookEvery);
        var begin = Stopwatch.GetTimestamp();
        while (!await holds())
        {
            if (Stopwatch.GetElapsedTime(begin) >= ClusterProcess.Generous)
            {
                Assert.Fail($"not within {ClusterProcess.Generous}: {expectation()}");
            }

            await ticks.WaitForNextTickAsync();
        }
    }
}
