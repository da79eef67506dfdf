namespace Sandbox.House.Tests;

public sealed class SettingsPageTests
{
    [Fact]
    public void Page_NamesEverySettingAsTheSourceHasIt()
    {
        var made = SettingsPage.Make();
        var copy = Path.Combine(Repository.Root, "artifacts", "settings.md");
        File.WriteAllText(copy, made);

        Assert.True(made == Repository.Read("docs/settings.md"), $"docs/settings.md is not what the source says; {copy} is");
    }
}
