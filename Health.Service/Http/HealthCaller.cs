namespace Health.Service.Http;

/// <summary>The caller: a process that knows the cluster's secret, or a node that joined with a token.</summary>
/// <param name="Node">The only node that it may speak for; null: any.</param>
internal sealed record HealthCaller(string? Node)
{
    public bool Is(string node) => Node is null || Node == node;
}
