using System.Buffers;

namespace Sandbox.Api.Agents;

/// <summary>How the JSON of an agent's answer becomes the result of a call.</summary>
/// <param name="Read">Throws a <see cref="System.Text.Json.JsonException"/> where it is not in the expected form.</param>
/// <param name="IsLarge">Whether it has content of the sandbox's, and may be as large as such content.</param>
internal sealed record AnswerType<T>(Func<ReadOnlySequence<byte>, T> Read, bool IsLarge);
