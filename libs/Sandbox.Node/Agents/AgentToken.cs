namespace Sandbox.Node.Agents;

/// <summary>What an agent that listens demands of its owner.</summary>
/// <param name="Own">Shown with each call.</param>
/// <param name="First">Shown with the first init instead, which tells the agent its own one; null: it was started with its own one.</param>
internal sealed record AgentToken(Func<string?> Own, Func<string?>? First = null)
{
    public override string ToString() => nameof(AgentToken);
}
