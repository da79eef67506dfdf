namespace Sandbox.Api.Rollouts;

/// <summary>What there is to tell a reader behind what it has.</summary>
/// <param name="End">The last event of the stream; null: more may come.</param>
internal sealed record StreamPage(IReadOnlyList<StreamEvent> Events, StreamEvent? End);
