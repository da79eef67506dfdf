using System.Text.RegularExpressions;
using Sandbox.Cli.Commands;
using Sandbox.Cli.Processes;
using Sandbox.Cli.Servers;
using Sandbox.Cli.Tests.Building;
using Sandbox.Rollout.Checkpoints;
using YamlDotNet.RepresentationModel;

namespace Sandbox.Cli.Tests.Commands;

/// <summary>The workflow in docs/rollout-github-actions.md uses commands as the program has them.</summary>
public sealed partial class GitHubActionsPageTests
{
    private static readonly string Page =
        File.ReadAllText(Path.Combine(SourceTree.Repository, "docs", "rollout-github-actions.md"));

    [Fact]
    [Trait("Row", "28")]
    public void Workflow_OfThePage_RunsCommandsThatThereAre()
    {
        using var interrupts = new Interrupts();
        var program = Cli.Commands.Commands.All(
            new CommandContext(new CliSettings { DataFolder = "data" }, interrupts, TimeProvider.System));
        // What the shell puts there is an id or a name.
        var lines = Command().Matches(Page).Select(match => Variable().Replace(
            match.Groups[1].Value.Replace("${request:-}", "--request", StringComparison.Ordinal), Guid.Empty.ToString())).ToList();

        Assert.True(lines.Count >= 5, $"the page was to plan, approve, run and look, and has only {string.Join("; ", lines)}");
        Assert.All(lines, line => Assert.Empty(program.Parse(line).Errors));
    }

    [Fact]
    public void Workflow_OfThePage_HasItsJobsInOrderAndAllCheckpoints()
    {
        var yaml = new YamlStream();
        yaml.Load(new StringReader(Workflow().Match(Page).Groups[1].Value));
        var root = (YamlMappingNode)yaml.Documents[0].RootNode;
        var jobs = (YamlMappingNode)root["jobs"];

        Assert.Equal(["plan", "approve", "run"], jobs.Children.Keys.Select(key => key.ToString()));
        Assert.Equal("production", jobs["approve"]["environment"].ToString());
        Assert.Equal(["plan", "approve"], ((YamlSequenceNode)jobs["run"]["needs"]).Select(node => node.ToString()));
        var options = (YamlSequenceNode)root["on"]["workflow_dispatch"]["inputs"]["checkpoint"]["options"];
        Assert.Equal(CheckpointCatalog.All.Select(checkpoint => checkpoint.Name), options.Select(node => node.ToString()));
    }

    [GeneratedRegex("```yaml\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Workflow();

    [GeneratedRegex(@"^ *(?:until )?sandbox (deploy [^>|\n]+)", RegexOptions.Multiline)]
    private static partial Regex Command();

    [GeneratedRegex(@"""\$\w+""")]
    private static partial Regex Variable();
}
