using System.Runtime.CompilerServices;
using Xunit;

namespace Sandbox.Testing;

/// <summary>The marker for a test that restarts an engine of its own: skipped, visibly and with the reason, where there can be
/// none.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class NeedsPrivateEngineFactAttribute : FactAttribute
{
    public NeedsPrivateEngineFactAttribute([CallerFilePath] string? file = null, [CallerLineNumber] int line = -1)
        : base(file, line) => Skip = PrivateEngine.WhyMissing;
}
