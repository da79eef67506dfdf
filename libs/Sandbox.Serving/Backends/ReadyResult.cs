namespace Sandbox.Serving.Backends;

/// <summary>Whether an engine got ready.</summary>
/// <param name="Elapsed">How long that was waited for.</param>
/// <param name="LastError">Why it was not ready when it was asked last; null when it is.</param>
public sealed record ReadyResult(TimeSpan Elapsed, string? LastError, ServingFailure? Failure)
{
    public bool Ready => Failure is null;
}
