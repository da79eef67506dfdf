using Sandbox.Domain.Errors;
using Sandbox.Domain.Operators;
using Sandbox.Domain.Specs;

namespace Sandbox.Api.Tests.Servers;

/// <summary>One node that takes everything, until the test says why not.</summary>
internal sealed class TestPlacement : IPlacement
{
    public SandboxError? Refusal { get; set; }

    /// <summary>What no caller has caused.</summary>
    public Exception? Surprise { get; set; }

    public Task<SandboxError?> CheckAsync(SandboxSpec spec, CancellationToken cancellationToken) => Task.FromResult(Refusal);

    public Task<DeploymentKind> ChooseAsync(CancellationToken cancellationToken) =>
        Surprise is { } surprise ? Task.FromException<DeploymentKind>(surprise) : Task.FromResult(DeploymentKind.Docker);
}
