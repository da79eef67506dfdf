namespace Sandbox.Storage.Feeds;

/// <summary>Brings wake-ups from process to process, as well as it can.</summary>
internal interface IChangeBackplane : IAsyncDisposable
{
    /// <summary>Begins to listen, once, and goes on for ever: it connects again by itself.</summary>
    /// <param name="heard">What others sent (and, as it may be, what this process sent).</param>
    /// <param name="missed">Something may have been missed: the connection was lost, or is there again.</param>
    void Listen(Action<string> heard, Action missed);

    /// <summary>False: it cannot deliver anything now. Never takes long, never throws.</summary>
    Task<bool> TrySendAsync(string message, CancellationToken cancellationToken);
}
