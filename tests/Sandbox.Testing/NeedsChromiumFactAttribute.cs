using System.Runtime.CompilerServices;
using Xunit;

namespace Sandbox.Testing;

/// <summary>The marker for a test that opens a page in a browser: skipped, visibly, where there is none.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class NeedsChromiumFactAttribute : FactAttribute
{
    public const string Browser = "/usr/bin/chromium";

    public NeedsChromiumFactAttribute([CallerFilePath] string? file = null, [CallerLineNumber] int line = -1)
        : base(file, line) => Skip = File.Exists(Browser) ? null : "Chromium is not installed";
}
