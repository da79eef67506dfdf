using Sandbox.Domain.Errors;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Operators;

namespace Sandbox.Api.Tests.Servers;

/// <summary>A node that puts every list in effect, unless the test says otherwise, and remembers which.</summary>
internal sealed class TestEgress : IEgressControl
{
    public Func<SandboxInstance, SandboxError?> Apply { get; set; } = _ => null;

    public List<SandboxInstance> Applied { get; } = [];

    public Task<SandboxError?> ApplyAsync(SandboxInstance sandbox, CancellationToken cancellationToken)
    {
        Applied.Add(sandbox);
        return Task.FromResult(Apply(sandbox));
    }
}
