using Microsoft.Extensions.Diagnostics.HealthChecks;
using Sandbox.Node.Leases;

namespace Sandbox.Node.Membership;

/// <summary>A node is healthy while it is part of its cluster. That its engine is away makes it less useful and not ill: what
/// runs goes on.</summary>
internal sealed class NodeCheck(NodeLease lease, NodeHealth health) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(
            lease.Current is null ? HealthCheckResult.Unhealthy("it is not part of the cluster")
            : health.Unavailable is { } reason ? HealthCheckResult.Degraded(reason)
            : HealthCheckResult.Healthy());
}
