using Sandbox.Domain.Lifecycle;

namespace Sandbox.Domain.Tests.Lifecycle;

public sealed class SandboxLifecycleTests
{
    public static TheoryData<SandboxEvent> Events() => [.. Enum.GetValues<SandboxEvent>()];

    [Theory]
    [MemberData(nameof(Events))]
    public void TryNext_WhenDeleted_NeverMovesAgain(SandboxEvent anything) =>
        Assert.False(SandboxLifecycle.TryNext(SandboxState.Deleted, anything, out _), $"a deleted sandbox stays deleted, yet {anything} moved it");
}
