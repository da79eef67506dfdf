using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Sandbox.Api.Rock;
using Sandbox.Contracts.Rock;

namespace Sandbox.Api.Agents;

/// <summary>The forms of the agent's answers, read strictly: null where none may be is a bad answer, not a surprise later. Those with
/// content of the sandbox's in them go on as they came.</summary>
internal static class AgentTypes
{
    public const string ExitCode = "exit_code";
    public const string FailureReason = "failure_reason";

    private static readonly RockJson Strict = new(new JsonSerializerOptions(RockJson.Default.Options)
    {
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
    });

    public static AnswerType<PassedAnswer> Exec { get; } = Passed(Text("stdout"), Text("stderr"), new(ExitCode, IsText: false, "null"));

    public static AnswerType<PassedAnswer> CreateSession { get; } = Passed(Text("output"), Text("session_type", "\"bash\""));

    /// <summary>Without an exit code where there is none: clients reject null.</summary>
    public static AnswerType<PassedAnswer> Observation { get; } = Passed(
        Text("session_type", "\"bash\""), Text("output", "\"\""), new(ExitCode, IsText: false, Default: null),
        Text(FailureReason, "\"\""), Text("expect_string", "\"\""));

    public static AnswerType<PassedAnswer> ReadFile { get; } = Passed(Text("content"));

    /// <summary>A file that is read for what is in it, and not for its caller.</summary>
    public static AnswerType<ReadFileResult> SmallFile { get; } = Small(Strict.ReadFileResult);

    public static AnswerType<CloseSessionResult> CloseSession { get; } = Small(Strict.CloseSessionResult);

    public static AnswerType<WriteFileResult> WriteFile { get; } = Small(Strict.WriteFileResult);

    public static AnswerType<UploadResult> Upload { get; } = Small(Strict.UploadResult);

    public static AnswerType<Statistics> Statistics { get; } = Small(Strict.Statistics);

    /// <summary>An answer without content.</summary>
    public static AnswerType<JsonDocument> Empty { get; } = new(json => JsonDocument.Parse(json), IsLarge: false);

    public static AnswerType<GemObservation> GemObservation { get; } = Small(Strict.GemObservation) with { IsLarge = true };

    public static AnswerType<GemStep> GemStep { get; } = Small(Strict.GemStep) with { IsLarge = true };

    public static AnswerType<GemEnvironments> GemEnvironments { get; } = Small(Strict.GemEnvironments);

    private static PassedMember Text(string name, string? fallback = null) => new(name, IsText: true, fallback);

    private static AnswerType<PassedAnswer> Passed(params PassedMember[] members) =>
        new(json => PassedAnswer.Read(json, members), IsLarge: true);

    private static AnswerType<T> Small<T>(JsonTypeInfo<T> type)
        where T : class => new(
        json =>
        {
            var reader = new Utf8JsonReader(json);
            var result = JsonSerializer.Deserialize(ref reader, type) ?? throw new JsonException();

            // Throws where something follows.
            _ = reader.Read();
            return result;
        },
        IsLarge: false);
}
