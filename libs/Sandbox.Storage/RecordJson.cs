using System.Text.Json.Serialization;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Specs;

namespace Sandbox.Storage;

/// <summary>What of a record is neither filtered nor scanned.</summary>
internal sealed record RecordFacts
{
    public IReadOnlyList<SandboxPhase> Phases { get; init; } = [];

    public string? Reason { get; init; }

    public long? EffectiveDiskBytes { get; init; }

    public long? EffectiveLogBytes { get; init; }

    public string? EffectiveNetwork { get; init; }

    public string? LiveSnapshot { get; init; }

    public ArchiveFacts? Archive { get; init; }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(RecordFacts))]
[JsonSerializable(typeof(SandboxSpec))]
[JsonSerializable(typeof(ArchiveFacts))]
[JsonSerializable(typeof(IReadOnlyList<SandboxPhase>))]
[JsonSerializable(typeof(IReadOnlyList<StateChange>))]
[JsonSerializable(typeof(IReadOnlyDictionary<string, string>))]
internal sealed partial class RecordJson : JsonSerializerContext;
