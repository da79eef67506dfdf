using Sandbox.Agent.Accounts;
using Sandbox.Agent.Envd;
using Sandbox.Agent.Processes;
using Sandbox.Contracts.Agent;
using Sandbox.Testing;

namespace Sandbox.Agent.Tests.Envd;

public sealed class EnvdUserTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("true", "user:x:1000:1000::/home/user:/bin/bash", "/home/user")]
    [InlineData("false", "user:x:1000:1000::/home/user:/bin/bash", null)]
    [InlineData(null, "user:x:1000:1000::/home/user:/bin/bash", null)]
    [InlineData("true", "other:x:1000:1000::/home/other:/bin/bash", null)]
    public void Call_ThatNamesNobody_ActsAsUserInASandboxForE2BsClients(string? mark, string passwd, string? home)
    {
        var environment = new SandboxEnvironment();
        environment.SetInit(new AgentInit
        {
            SandboxId = "box",
            Incarnation = "1",
            GraceSeconds = 60,
            Env = mark is null ? new Dictionary<string, string>() : new Dictionary<string, string> { ["E2B_SANDBOX"] = mark },
        });
        File.WriteAllText(_folder.File("passwd"), passwd + "\n");
        var accounts = new AccountFiles(_folder.File("passwd")) { DefaultName = () => environment.DefaultUser };

        Assert.True(EnvdUser.TryResolve(name: null, accounts, out var account, out _), "somebody acts for every call that names nobody");

        Assert.Equal(home ?? accounts.Own().Home, account.Home);
        Assert.Equal(home is not null, account.IsChosen);
    }
}
