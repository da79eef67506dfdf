using Sandbox.Cli.Commands;
using Sandbox.Cli.Processes;
using Sandbox.Cli.Servers;
using Sandbox.Cli.Tests.Building;

namespace Sandbox.Cli.Tests.Commands;

public sealed class CommandLinePageTests
{
    [Fact]
    public void Page_NamesEveryCommandAsTheProgramHasIt()
    {
        using var interrupts = new Interrupts();
        var program = Cli.Commands.Commands.All(
            new CommandContext(new CliSettings { DataFolder = "data" }, interrupts, TimeProvider.System));

        var made = CommandLinePage.Make(program);
        var copy = Path.Combine(SourceTree.Repository, "artifacts", "command-line.md");
        File.WriteAllText(copy, made);

        Assert.True(
            made == File.ReadAllText(Path.Combine(SourceTree.Repository, "docs", "command-line.md")),
            $"docs/command-line.md is not what the commands say; {copy} is");
    }
}
