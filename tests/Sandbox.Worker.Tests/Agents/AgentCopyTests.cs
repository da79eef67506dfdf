using Microsoft.Extensions.Options;
using Sandbox.Node;
using Sandbox.Node.Agents;
using Sandbox.Testing;

namespace Sandbox.Worker.Tests.Agents;

public sealed class AgentCopyTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Start_OfANodeThatCopies_PutsTheAgentsWhereTheyAreMountedFrom()
    {
        var folders = await StartAsync(copies: true);

        Assert.Equal(_folder.File("data/agent/linux-x64"), folders.AgentBinary("x86_64"));
        Assert.Equal("an agent", File.ReadAllText(Path.Combine(folders.AgentBinary("x86_64"), "sandbox-agent")));
        Assert.True(
            File.GetUnixFileMode(Path.Combine(folders.AgentBinary("x86_64"), "sandbox-agent")).HasFlag(UnixFileMode.OtherExecute),
            "the agent was to be executable for any user that a sandbox runs as");
    }

    [Fact]
    public async Task Start_Again_PutsTheNewAgentInThePlaceOfTheOld()
    {
        await StartAsync(copies: true);

        var folders = await StartAsync(copies: true, agent: "a newer agent");

        Assert.Equal("a newer agent", File.ReadAllText(Path.Combine(folders.AgentBinary("x86_64"), "sandbox-agent")));
        Assert.Equal(["sandbox-agent"], Directory.EnumerateFiles(folders.AgentBinary("x86_64")).Select(Path.GetFileName));
    }

    [Fact]
    public async Task Start_OfAnyOtherNode_MountsThemFromWhereTheyAre()
    {
        var folders = await StartAsync(copies: false);

        Assert.Equal(_folder.File("built/linux-x64"), folders.AgentBinary("x86_64"));
        Assert.False(Directory.Exists(_folder.File("data/agent")), "nothing was to be copied");
    }

    private async Task<SandboxFolders> StartAsync(bool copies, string agent = "an agent")
    {
        Directory.CreateDirectory(_folder.File("built/linux-x64"));
        await File.WriteAllTextAsync(_folder.File("built/linux-x64/sandbox-agent"), agent);
        var options = Options.Create(
            new WorkerOptions { DataFolder = _folder.File("data"), AgentFolder = _folder.File("built"), CopiesAgent = copies });
        var folders = new SandboxFolders(options);
        await new AgentCopy(options, folders).StartAsync(TestContext.Current.CancellationToken);
        return folders;
    }
}
