namespace Sandbox.Serving.Backends;

/// <summary>When an engine counts as ready.</summary>
public enum ReadinessCheck
{
    /// <summary>Its health path answers, and it completes a prompt with one token.</summary>
    Completion,

    /// <summary>Its health path answers: for models that complete nothing.</summary>
    Health,
}
