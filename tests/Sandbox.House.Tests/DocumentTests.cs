using Sandbox.Domain.Lifecycle;

namespace Sandbox.House.Tests;

public sealed class DocumentTests
{
    [Fact]
    public void ArchitecturePage_Shows_TheLifecycleAsItIs()
    {
        var page = Repository.Read("ARCHITECTURE.md").ReplaceLineEndings("\n");

        Assert.True(
            page.Contains(SandboxLifecycle.ToMarkdown(), StringComparison.Ordinal),
            $"ARCHITECTURE.md must hold the lifecycle table exactly as the code has it:\n{SandboxLifecycle.ToMarkdown()}");
    }
}
