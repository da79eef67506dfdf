using Sandbox.Testing.Clusters;

namespace Sandbox.Attacks.Tests;

/// <summary>The sandboxes of one test, which go with it.</summary>
/// <param name="prefix">What their ids begin with.</param>
internal sealed class TestSandboxes(string prefix) : IAsyncDisposable
{
    private static int _count;

    private readonly List<(RockCaller Owner, string Id)> _sandboxes = [];

    /// <summary>An id for one that the owner is about to start.</summary>
    public string Named(RockCaller owner)
    {
        var id = $"{prefix}-{Interlocked.Increment(ref _count)}";
        Add(owner, id);
        return id;
    }

    public void Add(RockCaller owner, string id) => _sandboxes.Add((owner, id));

    /// <summary>Starts one and waits until it can be used.</summary>
    public async Task<string> RunAsync(RockCaller owner, params (string Field, object? Value)[] more)
    {
        var id = Named(owner);
        await owner.RunAsync(id, more);
        return id;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var (owner, id) in _sandboxes)
        {
            await owner.PostAsync("stop", new { sandbox_id = id });
            await owner.PostAsync("delete", new { sandbox_id = id });
        }
    }
}
