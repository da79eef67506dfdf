using System.Text.Json;
using Sandbox.Contracts.Agent;
using Sandbox.Contracts.Envd;
using Sandbox.Contracts.Rock;

namespace Sandbox.Agent.Tests.Wire;

/// <summary>What a body leaves out has the contract's default, not null.</summary>
public sealed class DefaultsTests
{
    [Fact]
    public void RockRequests_LeftOut_HaveTheirDefaults()
    {
        var action = JsonSerializer.Deserialize("{}", RockJson.Default.BashAction)!;
        var session = JsonSerializer.Deserialize("{}", RockJson.Default.CreateSessionRequest)!;
        var execute = JsonSerializer.Deserialize("{}", RockJson.Default.ExecRequest)!;

        Assert.Equal(
            ("default", "bash", "raise", "", 0), (action.Session, action.ActionType, action.Check, action.ErrorMsg, action.Expect.Count));
        Assert.Equal(
            ("default", "bash", 1.0, 0), (session.Session, session.SessionType, session.StartupTimeout, session.StartupSource.Count));
        Assert.Equal((1200, ""), (execute.Timeout, execute.ErrorMsg));
    }

    [Fact]
    public void EnvdAndAgentRequests_LeftOut_HaveTheirDefaults()
    {
        var start = JsonSerializer.Deserialize("""{"process":{"cmd":"x"}}""", EnvdJson.Default.StartRequest)!;
        var init = JsonSerializer.Deserialize("""{"sandboxId":"s","incarnation":"i","graceSeconds":1}""", AgentJson.Default.AgentInit)!;

        Assert.Equal((0, 0), (start.Process!.Args.Count, start.Process.Envs.Count));
        Assert.Empty(init.Env);
    }
}
