using System.Text.Json.Serialization;
using Sandbox.Contracts.Rock;

namespace Sandbox.Agent.Rock;

/// <summary>The requests of the ROCK routes; an explicit null where the contract has none is a malformed body.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(ExecRequest))]
[JsonSerializable(typeof(CreateSessionRequest))]
[JsonSerializable(typeof(BashAction))]
[JsonSerializable(typeof(CloseSessionRequest))]
[JsonSerializable(typeof(ReadFileRequest))]
[JsonSerializable(typeof(WriteFileRequest))]
[JsonSerializable(typeof(GemMakeRequest))]
[JsonSerializable(typeof(GemResetRequest))]
[JsonSerializable(typeof(GemStepRequest))]
internal sealed partial class RockRequests : JsonSerializerContext;
