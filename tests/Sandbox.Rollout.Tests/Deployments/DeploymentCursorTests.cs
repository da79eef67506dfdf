using Sandbox.Rollout.Deployments;

namespace Sandbox.Rollout.Tests.Deployments;

public sealed class DeploymentCursorTests
{
    [Fact]
    public void Cursor_HandedBack_IsTheSame()
    {
        var cursor = new DeploymentCursor(new DateTimeOffset(2030, 1, 1, 0, 0, 0, 123, TimeSpan.Zero), Guid.NewGuid());

        Assert.Equal(cursor, DeploymentCursor.Parse(cursor.ToString()));
    }

    [Theory]
    [InlineData("")]
    [InlineData("x")]
    [InlineData("../../etc/passwd")]
    [InlineData("LTE6MDAwMDAwMDAtMDAwMC0wMDAwLTAwMDAtMDAwMDAwMDAwMDAw")]
    [InlineData("OTIyMzM3MjAzNjg1NDc3NTgwNzowMDAwMDAwMC0wMDAwLTAwMDAtMDAwMC0wMDAwMDAwMDAwMDA")]
    public void Cursor_ThatNobodyMade_IsNone(string text) => Assert.Null(DeploymentCursor.Parse(text));
}
