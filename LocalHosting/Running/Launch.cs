namespace Aspire.Hosting.Running;

/// <summary>How a process is started and ended.</summary>
internal sealed record Launch(string Program, IReadOnlyList<string> Arguments, string WorkingDirectory)
{
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>Written to its standard input, which then closes.</summary>
    public string Input { get; init; } = "";

    /// <summary>Another account, where this process may become one. Null: our own.</summary>
    public string? Account { get; init; }

    /// <summary>The signal that asks it to end.</summary>
    public string EndSignal { get; init; } = "TERM";
}

/// <summary>What runs for a resource.</summary>
internal interface IProgram
{
    /// <summary>Makes what it needs before it starts.</summary>
    /// <param name="replica">From 0.</param>
    Task<Launch> PrepareAsync(int replica, CancellationToken cancellationToken);

    /// <summary>Whether others may rely on it now.</summary>
    Task<bool> IsReadyAsync(int replica, CancellationToken cancellationToken);

    /// <summary>Done once it is ready, before others start to rely on it.</summary>
    Task FinishAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
