namespace Sandbox.Rollout.Webhooks;

/// <summary>What became of a message to a webhook.</summary>
public enum DeliveryState
{
    /// <summary>It is sent, or sent again, at its time.</summary>
    Pending,

    Delivered,

    /// <summary>It was refused as often as it is tried.</summary>
    Failed,
}
