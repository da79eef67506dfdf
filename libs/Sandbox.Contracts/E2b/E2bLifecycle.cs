using System.Text.Json.Serialization;

namespace Sandbox.Contracts.E2b;

/// <param name="OnTimeout"><c>kill</c> or <c>pause</c>.</param>
/// <param name="AutoResume">A request wakes it when it is paused.</param>
public sealed record E2bLifecycle(
    [property: JsonPropertyName("onTimeout")] string OnTimeout, [property: JsonPropertyName("autoResume")] bool AutoResume);
