namespace Sandbox.Serving.Cml.Rest;

/// <summary>A call of Cloudera ML failed, or what it started did; the message has no secret.</summary>
public sealed class CmlException(CmlError error, string message, Exception? inner = null) : Exception(message, inner)
{
    public CmlError Error { get; } = error;

    /// <summary>To ask again may help.</summary>
    public bool IsTransient => Error is CmlError.ServerFailed or CmlError.InvalidAnswer or CmlError.Timeout or CmlError.Unreachable;
}
