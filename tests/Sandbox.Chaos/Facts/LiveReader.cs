using System.Text.Json.Nodes;
using Sandbox.Testing.Redis;

namespace Sandbox.Chaos.Facts;

/// <summary>What Redis has, past the code under test.</summary>
public sealed class LiveReader(RedisServer redis)
{
    private const string Prefix = "alive:";

    public async Task<IReadOnlyList<LiveFact>> ReadAsync()
    {
        List<LiveFact> entries = [];
        foreach (var key in (await redis.CommandAsync($"KEYS {Prefix}*")).Split('\n')
            .Where(line => line.StartsWith(Prefix, StringComparison.Ordinal)))
        {
            // Gone meanwhile is no entry.
            if ((await redis.CommandAsync($"GET {key}")).Split('\n').FirstOrDefault(line => line.StartsWith('{')) is { } text)
            {
                var entry = JsonNode.Parse(text)!;
                entries.Add(new LiveFact(key[Prefix.Length..], (long)entry["version"]!, (string?)entry["alive"]?["state"]));
            }
        }

        return entries;
    }
}
