using System.Text.Json.Serialization;

namespace Sandbox.Serving.Cml.Rest;

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(NewProject))]
[JsonSerializable(typeof(JobSettings))]
[JsonSerializable(typeof(NewApplication))]
[JsonSerializable(typeof(CmlProject))]
[JsonSerializable(typeof(CmlJob))]
[JsonSerializable(typeof(CmlJobRun))]
[JsonSerializable(typeof(CmlApplication))]
[JsonSerializable(typeof(ProjectPage))]
[JsonSerializable(typeof(JobPage))]
[JsonSerializable(typeof(RunPage))]
[JsonSerializable(typeof(ApplicationPage))]
internal sealed partial class CmlJson : JsonSerializerContext;
