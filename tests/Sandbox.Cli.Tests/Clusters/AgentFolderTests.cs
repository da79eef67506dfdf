using Sandbox.Cli.Clusters;
using Sandbox.Testing;

namespace Sandbox.Cli.Tests.Clusters;

/// <summary>The agent lies in no image: it comes from the host, where nodes and the engine both see it.</summary>
public sealed class AgentFolderTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void PutAgents_WhereOneWasBuilt_PutsItAndANewOneInItsPlace()
    {
        Build("first");
        ClusterFolder.PutAgents(_folder.File("built"), _folder.File("node"));
        Build("second one");

        ClusterFolder.PutAgents(_folder.File("built"), _folder.File("node"));

        Assert.Equal("second one", File.ReadAllText(_folder.File("node/linux-x64/sandbox-agent")));
    }

    [Fact]
    public void PutAgents_WhereNoneWasBuiltButOneIsThere_LeavesIt()
    {
        Build("first");
        ClusterFolder.PutAgents(_folder.File("built"), _folder.File("node"));

        ClusterFolder.PutAgents(_folder.File("nowhere"), _folder.File("node"));

        Assert.Equal("first", File.ReadAllText(_folder.File("node/linux-x64/sandbox-agent")));
    }

    [Fact]
    public void PutAgents_WithNone_SaysWhatBuildsIt()
    {
        var refused = Assert.Throws<CliException>(() => ClusterFolder.PutAgents(_folder.File("nowhere"), _folder.File("node")));

        Assert.Equal($"the native agent is not in {_folder.File("nowhere")}: build/agent.sh builds it and needs gcc", refused.Message);
    }

    private void Build(string agent)
    {
        Directory.CreateDirectory(_folder.File("built/linux-x64"));
        File.WriteAllText(_folder.File("built/linux-x64/sandbox-agent"), agent);
    }
}
