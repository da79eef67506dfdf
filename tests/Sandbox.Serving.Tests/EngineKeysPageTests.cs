namespace Sandbox.Serving.Tests;

public sealed class EngineKeysPageTests
{
    [Fact]
    public void Page_NamesEachKeyAsTheSchemasHaveIt()
    {
        var made = EngineKeysPage.Make();
        var copy = Path.Combine(EngineKeysPage.Repository, "artifacts", "engine-keys.md");
        File.WriteAllText(copy, made);

        Assert.True(
            made == File.ReadAllText(Path.Combine(EngineKeysPage.Repository, "docs", "engine-keys.md")),
            $"docs/engine-keys.md is not what the schemas say; {copy} is");
    }
}
