namespace Sandbox.Api.Agents;

/// <summary>What an agent is asked.</summary>
/// <param name="Route">Below <see cref="Contracts.Agent.AgentRoutes.Rock"/>.</param>
/// <param name="Content">Null: it has no body.</param>
internal sealed record AgentQuestion(HttpMethod Method, string Route, HttpContent? Content);
