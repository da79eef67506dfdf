using Sandbox.Deployments.Local;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Operators;
using Sandbox.Domain.Specs;
using Sandbox.Node.Deployments;

namespace Sandbox.Standalone;

/// <summary>Says plainly what stands between a sandbox and this machine, where that is less than a container.</summary>
internal sealed class Isolation(IPlacement placement, IEnumerable<IDeployment> deployments, ILocalIsolation walls)
{
    /// <param name="localWasAsked">True: the person asked for Local, and needs no warning that it is what they get.</param>
    /// <returns>Null when there is nothing to warn of.</returns>
    public async Task<string?> DescribeAsync(bool localWasAsked, CancellationToken cancellationToken)
    {
        if (await placement.ChooseAsync(cancellationToken) is not DeploymentKind.Local)
        {
            return null;
        }

        var why = localWasAsked ? "" : $"Docker cannot be used ({await WhyNotDockerAsync(cancellationToken)}): ";
        if (!await walls.WorksAsync(cancellationToken))
        {
            return why
                + "sandboxes run as processes of this machine and nothing isolates them (bubblewrap is missing or does not work here): "
                + "what runs in them can do all that you can";
        }

        return localWasAsked ? null : why + "sandboxes run as processes of this machine, isolated with bubblewrap";
    }

    private async Task<string> WhyNotDockerAsync(CancellationToken cancellationToken) =>
        await deployments.First(deployment => deployment.Kind is DeploymentKind.Docker).CheckAvailabilityAsync(cancellationToken) switch
        {
            SandboxError.DockerUnavailable unavailable => unavailable.Reason,
            { } other => other.Text,
            null => "it did not answer a moment ago",
        };
}
