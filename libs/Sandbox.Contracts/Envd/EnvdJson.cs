using System.Text.Json.Serialization;

namespace Sandbox.Contracts.Envd;

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(StartRequest))]
[JsonSerializable(typeof(ConnectRequest))]
[JsonSerializable(typeof(ProcessMessage))]
[JsonSerializable(typeof(ListRequest))]
[JsonSerializable(typeof(ListResponse))]
[JsonSerializable(typeof(UpdateRequest))]
[JsonSerializable(typeof(SendInputRequest))]
[JsonSerializable(typeof(SendSignalRequest))]
[JsonSerializable(typeof(CloseStdinRequest))]
[JsonSerializable(typeof(Nothing))]
[JsonSerializable(typeof(ConnectError))]
[JsonSerializable(typeof(EndOfStream))]
[JsonSerializable(typeof(PathRequest))]
[JsonSerializable(typeof(MakeDirRequest))]
[JsonSerializable(typeof(MoveRequest))]
[JsonSerializable(typeof(ListDirRequest))]
[JsonSerializable(typeof(EntryResponse))]
[JsonSerializable(typeof(ListDirResponse))]
[JsonSerializable(typeof(WatchDirRequest))]
[JsonSerializable(typeof(WatchDirResponse))]
[JsonSerializable(typeof(CreateWatcherResponse))]
[JsonSerializable(typeof(WatcherRequest))]
[JsonSerializable(typeof(WatcherEventsResponse))]
[JsonSerializable(typeof(IReadOnlyList<WrittenFile>))]
[JsonSerializable(typeof(EnvdError))]
public sealed partial class EnvdJson : JsonSerializerContext;
