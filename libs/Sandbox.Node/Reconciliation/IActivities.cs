using Sandbox.Domain.Lifecycle;

namespace Sandbox.Node.Reconciliation;

/// <summary>Tells when a running sandbox was last used; asked before it is stopped for being idle.</summary>
internal interface IActivities
{
    /// <summary>The last moment that its node knows of; the beginning of time where it was not used as far as is known. Null:
    /// its node does not say now.</summary>
    Task<DateTimeOffset?> LastAsync(SandboxInstance running, CancellationToken cancellationToken);
}
