namespace Sandbox.Api.Rollouts;

/// <summary>One server-sent event.</summary>
/// <param name="Number">Its id, from which on another stream goes on; null: none.</param>
/// <param name="Data">One line of JSON.</param>
internal sealed record StreamEvent(long? Number, string Type, string Data);
