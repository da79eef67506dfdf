using Sandbox.Deployments.Docker;

namespace Sandbox.Worker.Tests.Docker;

public sealed class DockerIgnoreTests
{
    [Theory]
    [InlineData("node_modules", "node_modules/a/b.js", true)]
    [InlineData("node_modules", "src/node_modules/a.js", false)]
    [InlineData("**/node_modules", "src/node_modules/a.js", true)]
    [InlineData("**/node_modules", "node_modules", true)]
    [InlineData("*.log", "a.log", true)]
    [InlineData("*.log", "deep/a.log", false)]
    [InlineData("a?c", "abc", true)]
    [InlineData("a?c", "a/c", false)]
    [InlineData("/rooted", "rooted", true)]
    [InlineData("dir/", "dir/file", true)]
    [InlineData("docs/**", "docs/a/b", true)]
    [InlineData("a.b", "aXb", false)]
    [InlineData("# comment", "# comment", false)]
    [InlineData("*|!keep", "keep", false)]
    [InlineData("*|!keep", "other", true)]
    [InlineData("*|!keep|keep", "keep", true)]
    public void Excludes_FollowsTheLastRuleThatMatches(string rules, string name, bool excluded) =>
        Assert.Equal(excluded, new DockerIgnore(rules.Split('|')).Excludes(name));
}
