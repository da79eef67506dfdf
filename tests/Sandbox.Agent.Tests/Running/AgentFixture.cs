namespace Sandbox.Agent.Tests.Running;

/// <summary>One managed agent for all tests of a class.</summary>
public sealed class AgentFixture : IAsyncLifetime
{
    private RunningAgent? _agent;

    internal RunningAgent Agent => _agent ?? throw new InvalidOperationException("The fixture is not initialised.");

    internal HttpClient Http => Agent.Http;

    public async ValueTask InitializeAsync() =>
        _agent = await RunningAgent.StartAsync(env: new Dictionary<string, string> { ["FROM_IMAGE"] = "image" });

    public async ValueTask DisposeAsync()
    {
        if (_agent is not null)
        {
            await _agent.DisposeAsync();
        }
    }
}
