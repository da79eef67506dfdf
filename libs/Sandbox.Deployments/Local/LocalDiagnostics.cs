using Sandbox.Contracts.Cluster;
using Sandbox.Domain.Operators;
using Sandbox.Domain.Specs;
using Sandbox.Node.Diagnostics;

namespace Sandbox.Deployments.Local;

/// <summary>What is in effect of sandboxes that are processes of this machine, where it runs such by default.</summary>
internal sealed class LocalDiagnostics(IPlacement placement, Bubblewrap bubblewrap, LocalNetwork network) : IDiagnosticSource
{
    public string Subject => "local sandboxes";

    public async Task<IReadOnlyList<DiagnosticCheck>> CheckAsync(CancellationToken cancellationToken)
    {
        if (await placement.ChooseAsync(cancellationToken) is not DeploymentKind.Local)
        {
            return [];
        }

        var isolation = await bubblewrap.FindAsync().WaitAsync(cancellationToken);
        var choice = await network.ChooseAsync(NetworkMode.Bridge, isolation, cancellationToken);
        return
        [
            isolation is null
                ? DiagnosticCheck.Fail(
                    "local_isolation", "none: what runs in a sandbox can do all that this node's user can", "install bubblewrap (bwrap)")
                : DiagnosticCheck.Good("local_isolation", $"bubblewrap, {isolation.Program}"),
            isolation is null
                ? DiagnosticCheck.Fail("local_network", choice.Text, "install bubblewrap (bwrap)")
                : choice.HasNetwork
                ? DiagnosticCheck.Good("local_network", choice.Text)
                : DiagnosticCheck.Warn("local_network", choice.Text, "install slirp4netns and iptables"),
        ];
    }
}
