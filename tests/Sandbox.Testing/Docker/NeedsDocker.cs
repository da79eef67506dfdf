using System.Runtime.CompilerServices;
using Xunit;

namespace Sandbox.Testing;

/// <summary>The one marker for a test that needs a Docker engine: skipped, visibly and with the reason, without one.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class NeedsDockerFactAttribute : FactAttribute
{
    public NeedsDockerFactAttribute([CallerFilePath] string? file = null, [CallerLineNumber] int line = -1)
        : base(file, line) => Skip = DockerEngine.WhyMissing;
}

/// <inheritdoc cref="NeedsDockerFactAttribute"/>
[AttributeUsage(AttributeTargets.Method)]
public sealed class NeedsDockerTheoryAttribute : TheoryAttribute
{
    public NeedsDockerTheoryAttribute([CallerFilePath] string? file = null, [CallerLineNumber] int line = -1)
        : base(file, line) => Skip = DockerEngine.WhyMissing;
}
