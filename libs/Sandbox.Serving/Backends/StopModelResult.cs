namespace Sandbox.Serving.Backends;

/// <summary>That no model is served any more, or why one may still be.</summary>
/// <param name="WasRunning">One was served before.</param>
public sealed record StopModelResult(bool WasRunning, ServingFailure? Failure)
{
    public bool Stopped => Failure is null;

    /// <summary>The word that clients know.</summary>
    public string Status => Failure is not null ? "error" : WasRunning ? "stopped" : "not_running";
}
