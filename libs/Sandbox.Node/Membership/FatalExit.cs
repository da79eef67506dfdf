namespace Sandbox.Node.Membership;

/// <summary>Ends this process when it cannot go on, with a reason that its program tells in one line.</summary>
internal sealed class FatalExit(IHostApplicationLifetime lifetime)
{
    private string? _reason;

    /// <summary>Null: it ends because it was asked to.</summary>
    public string? Why() => _reason;

    /// <summary>The first reason counts.</summary>
    public void Request(string reason)
    {
        Interlocked.CompareExchange(ref _reason, reason, null);
        lifetime.StopApplication();
    }
}
