using System.Text.Json;

namespace Sandbox.Rollout.Ansible;

/// <summary>One line of the callback plugin: what happened in a run.</summary>
/// <param name="Kind">play, task, result, record or stats.</param>
/// <param name="Status">Of a result: ok, changed, failed, unreachable, skipped or ignored.</param>
public sealed record AnsibleEvent(string Kind, string? Name, string? Host, string? Status, string? Message, JsonElement? Detail)
{
    /// <summary>Null for a line that is none of the plugin's: a warning of Ansible's own, for example.</summary>
    public static AnsibleEvent? Parse(string line)
    {
        if (!line.StartsWith('{'))
        {
            return null;
        }

        try
        {
            using var document = JsonDocument.Parse(line);
            var root = document.RootElement;
            return Text(root, "event") is { } kind
                ? new AnsibleEvent(
                    kind, Text(root, "name"), Text(root, "host"), Text(root, "status"), Text(root, "message"),
                    root.TryGetProperty("detail", out var detail) ? detail.Clone() : null)
                : null;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // The second: half of a pair of characters, which is no text.
            return null;
        }
    }

    /// <summary>As a person reads it; null for what tells a person nothing.</summary>
    public string? Shown() => Kind switch
    {
        "play" => $"PLAY {Name}",
        "task" => $"TASK {Name}",
        "result" => Message is { Length: > 0 } ? $"{Status}: {Host}: {Message}" : $"{Status}: {Host}",
        _ => null,
    };

    private static string? Text(JsonElement root, string name) =>
        root.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.String ? value.GetString() : null;
}
