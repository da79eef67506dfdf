namespace Sandbox.Standalone;

/// <summary>What came of the wish to be the server of a data folder.</summary>
public abstract record StandaloneStart
{
    private StandaloneStart()
    {
    }

    public sealed record Started(StandaloneHost Host) : StandaloneStart;

    /// <summary>Another process is; be its client, through the socket in the folder.</summary>
    public sealed record InUse : StandaloneStart;

    /// <param name="Reason">One or more sentences for people.</param>
    public sealed record Refused(string Reason) : StandaloneStart;
}
