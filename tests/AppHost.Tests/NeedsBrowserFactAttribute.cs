using System.Runtime.CompilerServices;
using Sandbox.Testing;

namespace AppHost.Tests;

/// <summary>A test that looks at a page of a running stack: skipped, visibly and with the reason, without a browser or an engine.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class NeedsBrowserFactAttribute : FactAttribute
{
    internal const string Browser = "/usr/bin/chromium";

    public NeedsBrowserFactAttribute([CallerFilePath] string? file = null, [CallerLineNumber] int line = -1)
        : base(file, line) => Skip = DockerEngine.WhyMissing ?? (File.Exists(Browser) ? null : "Chromium is not installed");
}
