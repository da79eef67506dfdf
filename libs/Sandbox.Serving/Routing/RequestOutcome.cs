namespace Sandbox.Serving.Routing;

/// <summary>How a request to a replica ended, as far as it says something about the replica.</summary>
public enum RequestOutcome
{
    /// <summary>It was answered. So was one that the engine refused as wrong.</summary>
    Answered,

    /// <summary>No connection: nobody listens there.</summary>
    Refused,

    /// <summary>It ended in the middle, timed out, or with an error of the engine.</summary>
    Failed,

    /// <summary>The client went away.</summary>
    Abandoned,
}
