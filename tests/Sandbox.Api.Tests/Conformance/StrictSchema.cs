using System.Text.Json;

namespace Sandbox.Api.Tests.Conformance;

/// <summary>What the TypeScript client's schemas accept: an optional member may be missing, but where it is there it must
/// have its type, and null is no type unless the schema says so.</summary>
internal static class StrictSchema
{
    public static readonly (string Name, JsonValueKind Kind, bool Nullable)[] Status =
    [
        ("sandbox_id", JsonValueKind.String, false), ("status", JsonValueKind.Object, false), ("port_mapping", JsonValueKind.Object, false),
        ("host_name", JsonValueKind.String, false), ("host_ip", JsonValueKind.String, false), ("image", JsonValueKind.String, false),
        ("gateway_version", JsonValueKind.String, false), ("swe_rex_version", JsonValueKind.String, false),
        ("user_id", JsonValueKind.String, false),
        ("experiment_id", JsonValueKind.String, false), ("namespace", JsonValueKind.String, false), ("cpus", JsonValueKind.Number, false),
        ("memory", JsonValueKind.String, false), ("state_history", JsonValueKind.Array, false), ("disk", JsonValueKind.String, true),
        ("disk_limit_rootfs", JsonValueKind.String, true), ("state", JsonValueKind.String, true),
        ("start_time", JsonValueKind.String, true),
        ("stop_time", JsonValueKind.String, true), ("create_time", JsonValueKind.String, true),
    ];

    public static readonly (string Name, JsonValueKind Kind, bool Nullable)[] Command =
        [("stdout", JsonValueKind.String, false), ("stderr", JsonValueKind.String, false), ("exit_code", JsonValueKind.Number, false)];

    public static readonly (string Name, JsonValueKind Kind, bool Nullable)[] Observation =
    [
        ("output", JsonValueKind.String, false), ("exit_code", JsonValueKind.Number, false),
        ("failure_reason", JsonValueKind.String, false),
        ("expect_string", JsonValueKind.String, false),
    ];

    public static readonly (string Name, JsonValueKind Kind, bool Nullable)[] Session =
        [("output", JsonValueKind.String, false), ("session_type", JsonValueKind.String, false)];

    public static readonly (string Name, JsonValueKind Kind, bool Nullable)[] Written =
        [("success", JsonValueKind.True, false), ("message", JsonValueKind.String, false), ("file_name", JsonValueKind.String, false)];

    public static readonly (string Name, JsonValueKind Kind, bool Nullable)[] Content = [("content", JsonValueKind.String, false)];

    public static JsonElement Accepted(JsonElement result, (string Name, JsonValueKind Kind, bool Nullable)[] schema)
    {
        Assert.Equal(JsonValueKind.Object, result.ValueKind);
        foreach (var (name, kind, nullable) in schema)
        {
            if (result.TryGetProperty(name, out var value))
            {
                Assert.True(
                    value.ValueKind == kind || (nullable && value.ValueKind is JsonValueKind.Null),
                    $"{name} may not be {value.GetRawText()}");
            }
        }

        return result;
    }
}
