namespace Sandbox.Domain.Lifecycle;

/// <summary>Why a sandbox is stopped.</summary>
public enum StopReason
{
    Asked,

    /// <summary>Idle for longer than its timeout, or at the end of its life.</summary>
    Expired,
}
