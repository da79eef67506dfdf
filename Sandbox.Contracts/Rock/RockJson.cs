using System.Text.Json.Serialization;

namespace Sandbox.Contracts.Rock;

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(StartRequest))]
[JsonSerializable(typeof(ExecRequest))]
[JsonSerializable(typeof(ExecResult))]
[JsonSerializable(typeof(CreateSessionRequest))]
[JsonSerializable(typeof(CreateSessionResult))]
[JsonSerializable(typeof(BashAction))]
[JsonSerializable(typeof(Observation))]
[JsonSerializable(typeof(CloseSessionRequest))]
[JsonSerializable(typeof(CloseSessionResult))]
[JsonSerializable(typeof(ReadFileRequest))]
[JsonSerializable(typeof(ReadFileResult))]
[JsonSerializable(typeof(WriteFileRequest))]
[JsonSerializable(typeof(WriteFileResult))]
[JsonSerializable(typeof(UploadResult))]
[JsonSerializable(typeof(Statistics))]
[JsonSerializable(typeof(AgentFailure))]
public sealed partial class RockJson : JsonSerializerContext;
