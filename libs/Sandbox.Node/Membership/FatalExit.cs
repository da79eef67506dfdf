namespace Sandbox.Node.Membership;

/// <summary>A reason for which this process cannot go on, told in one line by whoever started it.</summary>
internal sealed class FatalExit(IHostApplicationLifetime lifetime)
{
    private string? _reason;

    /// <summary>Null: it ends because somebody asked it to.</summary>
    public string? Why() => _reason;

    /// <summary>The first reason counts.</summary>
    public void Request(string reason)
    {
        Interlocked.CompareExchange(ref _reason, reason, null);
        lifetime.StopApplication();
    }
}
