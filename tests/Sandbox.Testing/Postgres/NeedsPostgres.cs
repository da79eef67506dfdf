using System.Runtime.CompilerServices;
using Xunit;

namespace Sandbox.Testing.Postgres;

/// <summary>The one marker for a test that needs Postgres: skipped, visibly and with the reason, without its programs.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class NeedsPostgresFactAttribute : FactAttribute
{
    public NeedsPostgresFactAttribute([CallerFilePath] string? file = null, [CallerLineNumber] int line = -1)
        : base(file, line) => Skip = PostgresPrograms.WhyMissing;
}

/// <inheritdoc cref="NeedsPostgresFactAttribute"/>
[AttributeUsage(AttributeTargets.Method)]
public sealed class NeedsPostgresTheoryAttribute : TheoryAttribute
{
    public NeedsPostgresTheoryAttribute([CallerFilePath] string? file = null, [CallerLineNumber] int line = -1)
        : base(file, line) => Skip = PostgresPrograms.WhyMissing;
}
