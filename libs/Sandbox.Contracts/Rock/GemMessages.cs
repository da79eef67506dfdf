using System.Text.Json;
using System.Text.Json.Serialization;

namespace Sandbox.Contracts.Rock;

/// <summary>Body of GEM's <c>make</c>.</summary>
public sealed record GemMakeRequest(string EnvId);

/// <summary>Answer of <c>make</c> and <c>close</c>.</summary>
public sealed record GemSandbox(string SandboxId);

/// <summary>Body of <c>reset</c>.</summary>
/// <param name="Seed">Null: any.</param>
public sealed record GemResetRequest(string SandboxId, int? Seed);

/// <summary>Body of <c>step</c>.</summary>
public sealed record GemStepRequest(string SandboxId, string Action);

/// <summary>Answer of <c>reset</c>: both are whatever the environment says.</summary>
public sealed record GemObservation(JsonElement Observation, JsonElement Info);

/// <summary>Answer of <c>step</c>.</summary>
/// <param name="Terminated">The episode has ended by what was done.</param>
/// <param name="Truncated">It has ended by a limit.</param>
public sealed record GemStep(
    JsonElement Observation, [property: JsonConverter(typeof(FloatJson))] double Reward, bool Terminated, bool Truncated, JsonElement Info);

/// <summary>Answer of <c>list</c>: the names that <c>make</c> knows in this sandbox.</summary>
public sealed record GemEnvironments(IReadOnlyList<string> EnvId);
