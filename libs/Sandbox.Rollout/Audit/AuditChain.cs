using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Sandbox.Rollout.Audit;

/// <summary>
/// Chains what was done, entry by entry: who changes or takes out an entry must make all later ones anew, and is found out by
/// anybody who noted the last hash.
/// </summary>
public static class AuditChain
{
    /// <summary>What the first entry names as the hash before it.</summary>
    public static readonly string Start = new('0', 64);

    /// <param name="last">The newest entry; null before the first.</param>
    public static AuditEntry Next(AuditEntry? last, DateTimeOffset at, string actor, string action, string subject, string detail)
    {
        var open = new AuditEntry(
            (last?.Number ?? 0) + 1, at.ToUniversalTime(), actor, action, subject, detail, last?.Hash ?? Start, Hash: "");
        return open with { Hash = HashOf(open) };
    }

    /// <summary>Null when the chain is whole, else what is wrong with the first entry that does not fit.</summary>
    /// <param name="lastHash">The newest entry's hash as it was noted elsewhere: without it, entries taken off the end are not
    /// noticed.</param>
    public static string? Verify(IEnumerable<AuditEntry> entries, string? lastHash = null)
    {
        var (number, previous) = (0L, Start);
        foreach (var entry in entries)
        {
            if (entry.Number != ++number)
            {
                return $"entry {number} is missing: the next one has number {entry.Number}";
            }

            if (entry.Previous != previous)
            {
                return $"entry {number} does not follow the entry before it: one of them was changed";
            }

            if (entry.Hash != HashOf(entry))
            {
                return $"entry {number} was changed after it was written";
            }

            previous = entry.Hash;
        }

        return lastHash is null || lastHash == previous ? null : $"entries are missing after number {number}";
    }

    // A JSON array of texts: no two entries are one row of bytes.
    private static string HashOf(AuditEntry entry) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(JsonSerializer.Serialize<string[]>(
        [
            entry.Number.ToString(CultureInfo.InvariantCulture), entry.At.ToUniversalTime().ToString("O", CultureInfo.InvariantCulture),
            entry.Actor, entry.Action, entry.Subject, entry.Detail, entry.Previous,
        ]))));
}
