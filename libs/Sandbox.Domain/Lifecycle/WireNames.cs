using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

namespace Sandbox.Domain.Lifecycle;

/// <summary>The names that records, history and every API use: <c>pending</c>, <c>start_failed</c>, <c>success</c> …</summary>
public static class WireNames
{
    private static readonly FrozenDictionary<SandboxState, string> States = NamesOf<SandboxState>();

    private static readonly FrozenDictionary<SandboxEvent, string> Events = NamesOf<SandboxEvent>();

    private static readonly FrozenDictionary<PhaseStatus, string> Statuses = NamesOf<PhaseStatus>();

    private static readonly FrozenDictionary<string, SandboxState> StatesByName =
        States.ToFrozenDictionary(entry => entry.Value, entry => entry.Key, StringComparer.Ordinal);

    private static readonly FrozenDictionary<string, SandboxEvent> EventsByName =
        Events.ToFrozenDictionary(entry => entry.Value, entry => entry.Key, StringComparer.Ordinal);

    public static string Name(this SandboxState state) => States[state];

    public static string Name(this SandboxEvent happened) => Events[happened];

    public static string Name(this PhaseStatus status) => Statuses[status];

    public static bool TryParseState([NotNullWhen(true)] string? name, out SandboxState state)
    {
        state = default;
        return name is not null && StatesByName.TryGetValue(name, out state);
    }

    public static bool TryParseEvent([NotNullWhen(true)] string? name, out SandboxEvent happened)
    {
        happened = default;
        return name is not null && EventsByName.TryGetValue(name, out happened);
    }

    private static FrozenDictionary<T, string> NamesOf<T>()
        where T : struct, Enum =>
        Enum.GetValues<T>().ToFrozenDictionary(value => value, value => JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString()));
}
