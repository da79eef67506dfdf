using Sandbox.Domain.Stores;

namespace Sandbox.Worker.Tests.Archives;

/// <summary>An archive store that does what a test wants before, or after, it does what it is asked.</summary>
internal sealed class TestArchives : IArchiveStore
{
    /// <summary>The real one.</summary>
    public IArchiveStore Inner { get; set; } = null!;

    /// <summary>Never done; a wait for it ends with the waiter's token.</summary>
    public static Task Never { get; } = new TaskCompletionSource().Task;

    /// <summary>Called with the verb and the name; throws for a store that is down.</summary>
    public Func<string, string, Task> Before { get; set; } = (_, _) => Task.CompletedTask;

    public Func<string, string, Task> After { get; set; } = (_, _) => Task.CompletedTask;

    public async Task PutAsync(string key, Stream content, CancellationToken cancellationToken)
    {
        await Before("put", key).WaitAsync(cancellationToken);
        await Inner.PutAsync(key, content, cancellationToken);
        await After("put", key).WaitAsync(cancellationToken);
    }

    public async Task<bool> TryGetAsync(string key, Stream target, CancellationToken cancellationToken)
    {
        await Before("get", key).WaitAsync(cancellationToken);
        var found = await Inner.TryGetAsync(key, target, cancellationToken);
        await After("get", key).WaitAsync(cancellationToken);
        return found;
    }

    public async Task DeleteAsync(string key, CancellationToken cancellationToken)
    {
        await Before("delete", key).WaitAsync(cancellationToken);
        await Inner.DeleteAsync(key, cancellationToken);
    }

    public Task<bool> ExistsAsync(string key, CancellationToken cancellationToken) => Inner.ExistsAsync(key, cancellationToken);
}
