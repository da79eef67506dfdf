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

/// <summary>What of a specification is shown and stands in no column of its own.</summary>
internal sealed record ShownSpec
{
    public IReadOnlyDictionary<string, string>? Metadata { get; init; }

    public double? NumGpus { get; init; }

    public string? AcceleratorType { get; init; }

    public string? EncryptedAuthorization { get; init; }

    public SandboxSpec AddTo(SandboxSpec flat) => flat with
    {
        Metadata = Metadata ?? flat.Metadata,
        NumGpus = NumGpus,
        AcceleratorType = AcceleratorType,
        EncryptedAuthorization = EncryptedAuthorization,
    };
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(RecordFacts))]
[JsonSerializable(typeof(SandboxSpec))]
[JsonSerializable(typeof(ShownSpec))]
[JsonSerializable(typeof(ArchiveFacts))]
[JsonSerializable(typeof(IReadOnlyList<SandboxPhase>))]
[JsonSerializable(typeof(IReadOnlyList<StateChange>))]
[JsonSerializable(typeof(IReadOnlyDictionary<string, string>))]
[JsonSerializable(typeof(IReadOnlyList<string>))]
internal sealed partial class RecordJson : JsonSerializerContext;
