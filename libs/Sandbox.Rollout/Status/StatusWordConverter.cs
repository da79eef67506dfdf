using System.Text.Json;
using System.Text.Json.Serialization;
using Sandbox.Rollout.Records;

namespace Sandbox.Rollout.Status;

/// <summary>Writes a status as <see cref="StatusWord"/> does.</summary>
public sealed class StatusWordConverter<TStatus>()
    : JsonStringEnumConverter<TStatus>(JsonNamingPolicy.SnakeCaseUpper, allowIntegerValues: false)
    where TStatus : struct, Enum;
