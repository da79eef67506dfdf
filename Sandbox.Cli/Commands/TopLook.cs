using Sandbox.Cli.Output;
using Sandbox.Client;
using Sandbox.Contracts.Management;
using Sandbox.Contracts.Rock;

namespace Sandbox.Cli.Commands;

/// <summary>What <c>top</c> sees at one time. It asks servers and engines, for a question to an agent would count as use of its
/// sandbox.</summary>
internal sealed class TopLook(SandboxClient client)
{
    private const string Forbidden = "forbidden";
    private const int PageSize = 500;

    private static readonly UsageResult NothingKnown = new([], []);

    private readonly CpuUsageMeter _meter = new();

    public async Task<TopView> TakeAsync(CancellationToken cancellationToken)
    {
        var (nodes, usage) = (await NodesAsync(cancellationToken), await UsageAsync(cancellationToken));
        var page = await client.ListAsync(new Dictionary<string, string>(), page: 1, PageSize, cancellationToken);

        // Of one that two nodes still tell of, one says enough.
        var uses = usage.Sandboxes.DistinctBy(use => use.SandboxId)
            .ToDictionary(
                use => use.SandboxId, use => new TopUsage(_meter.CpusOf($"s {use.SandboxId}", use.AtMs, use.CpuSeconds), use.MemoryBytes));
        return new TopView(
            nodes, [.. page.Items.Select(status => RowOf(status) with { Use = uses.GetValueOrDefault(status.SandboxId ?? "") })],
            page.Total)
        {
            NodeUse = usage.Nodes.ToDictionary(
                use => use.Node, use => new TopUsage(_meter.CpusOf($"n {use.Node}", use.AtMs, use.CpuSeconds), use.MemoryBytes)),
        };
    }

    /// <summary>None for whoever is no admin.</summary>
    private async Task<IReadOnlyList<NodeResult>> NodesAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await client.NodesAsync(cancellationToken);
        }
        catch (SandboxClientException refused) when (refused.Code == Forbidden)
        {
            return [];
        }
    }

    /// <summary>Nothing from a server that is older than the question.</summary>
    private async Task<UsageResult> UsageAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await client.UsageAsync(cancellationToken);
        }
        catch (SandboxClientException)
        {
            return NothingKnown;
        }
    }

    private static TopRow RowOf(StatusResult status) => new(status.SandboxId ?? "", status.State ?? "", status.Image ?? "")
    {
        Node = status.HostName,
        Cpus = status.Cpus,
        Memory = status.Memory,
        CreateTime = status.CreateTime,
        AutoStopTime = status.AutoStopTime,
    };
}
