namespace Sandbox.Cli.Tests.Commands;

public sealed class CompletionTests : IDisposable
{
    private readonly CliProgram _cli = new();

    public void Dispose() => _cli.Dispose();

    [Theory]
    [InlineData("sandbox res", "restart restore")]
    [InlineData("sandbox node t", "token")]
    [InlineData("sandbox node token cr", "create")]
    [InlineData("sandbox --json port", "port-forward")]
    [InlineData("sandbox run --time", "--timeout")]
    [InlineData("sandbox run --network n", "none")]
    [InlineData("sandbox ls --js", "--json")]
    [InlineData("sandbox exec demo -- --t", "")]
    public async Task Bash_CompletesCommandsOptionsAndValues(string line, string expected)
    {
        var script = (await _cli.RunAsync("completion", "bash")).Expect(0).Output;
        await File.WriteAllTextAsync(_cli.File("completion"), script, TestContext.Current.CancellationToken);

        using var bash = _cli.StartOther(
            ["bash", "-c",
                "source completion; COMP_WORDS=($1); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _sandbox; echo ${COMPREPLY[*]}", "bash", line]);

        Assert.Equal(expected, (await bash.EndAsync()).Expect(0).Output.TrimEnd('\n'));
    }

    [Theory]
    [InlineData("zsh", "#compdef sandbox\n", "' node token') candidates='create ls revoke ")]
    [InlineData("fish", "# fish completion of sandbox.", "complete -c sandbox -n '__sandbox_at \\' node token\\'' -f -a create ")]
    public async Task OtherShells_GetTheSameTree(string shell, string begin, string part)
    {
        var script = (await _cli.RunAsync("completion", shell)).Expect(0).Output;

        Assert.StartsWith(begin, script, StringComparison.Ordinal);
        Assert.Contains(part, script, StringComparison.Ordinal);
    }
}
