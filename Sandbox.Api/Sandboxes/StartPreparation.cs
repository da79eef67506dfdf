using Sandbox.Api.Mirrors;
using Sandbox.Contracts.Rock;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Operators;
using Sandbox.Domain.Policies;
using Sandbox.Domain.Specs;

namespace Sandbox.Api.Sandboxes;

/// <summary>From what a caller asks for to a record that can be submitted: where its image comes from, and what it effectively
/// gets.</summary>
internal sealed class StartPreparation(ImageMirrors mirrors, IPlacement placement, DeploymentManager deployments, TimeProvider time)
{
    /// <param name="authorization">What the caller sent as <c>X-Key</c>; null: nothing.</param>
    public async Task<Result<PreparedSandbox>> PrepareAsync(
        StartRequest request, SandboxOwner owner, string? authorization, CancellationToken cancellationToken)
    {
        var kind = await placement.ChooseAsync(cancellationToken);
        var mirrored = await mirrors.RewriteAsync(request, cancellationToken);
        return deployments.Prepare(mirrored, owner, kind, time.GetUtcNow(), authorization).TryGet(out var record, out var error)
            ? new PreparedSandbox(record, mirrored.RegistryPassword)
            : error;
    }
}

/// <summary>A record that is written nowhere yet.</summary>
/// <param name="RegistryPassword">For the registry that its image comes from; never logged.</param>
internal sealed record PreparedSandbox(SandboxInstance Record, string? RegistryPassword)
{
    public override string ToString() => Record.Id.ToString();
}
