using System.Runtime.CompilerServices;
using Xunit;

namespace Sandbox.Testing;

/// <summary>The marker for a test that runs a program as another user: skipped, visibly, where the tests do not run as root.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class NeedsRootFactAttribute : FactAttribute
{
    public NeedsRootFactAttribute([CallerFilePath] string? file = null, [CallerLineNumber] int line = -1)
        : base(file, line) => Skip = Environment.IsPrivilegedProcess ? null : "only root can run a program as another user";
}
