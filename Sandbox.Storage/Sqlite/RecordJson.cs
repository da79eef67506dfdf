using System.Text.Json.Serialization;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Specs;

namespace Sandbox.Storage.Sqlite;

/// <summary>What of a record is neither filtered nor scanned.</summary>
internal sealed record RecordFacts
{
    public IReadOnlyList<SandboxPhase> Phases { get; init; } = [];

    public string? Reason { get; init; }

    public long? EffectiveDiskBytes { get; init; }

    public string? LiveSnapshot { get; init; }

    public ArchiveFacts? Archive { get; init; }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(RecordFacts))]
[JsonSerializable(typeof(SandboxSpec))]
internal sealed partial class RecordJson : JsonSerializerContext;
