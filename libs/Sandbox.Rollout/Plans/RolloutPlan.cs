using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;

namespace Sandbox.Rollout.Plans;

/// <summary>
/// All that decides what a run does: a consent is to this and to nothing else. Two plans with one <see cref="Hash"/> do the
/// same to the same machines.
/// </summary>
public sealed record RolloutPlan
{
    /// <summary>The part that <see cref="Changes"/> are.</summary>
    public const string ChangesPart = "what Ansible says that it would change";

    /// <summary>Names of the checkpoints, in the order in which they run.</summary>
    public required ImmutableArray<string> Checkpoints { get; init; }

    /// <summary>Names of the machines with their addresses and groups, as the inventory has them.</summary>
    public required ImmutableSortedDictionary<string, string> Targets { get; init; }

    /// <summary>SHA-256 of each file that the run reads (playbooks and what they include), by its path in the playbooks' folder.</summary>
    public required ImmutableSortedDictionary<string, string> Files { get; init; }

    /// <summary>The inventory's variables. Of a secret there is a digest only.</summary>
    public required ImmutableSortedDictionary<string, string> Variables { get; init; }

    /// <summary>What Ansible says in its check mode that it would change, a line per machine and task.</summary>
    public required ImmutableArray<string> Changes { get; init; }

    /// <summary>The machines by name, as one text: two plans for the same machines have the same.</summary>
    public string TargetSet => string.Join(',', Targets.Keys.Order(StringComparer.Ordinal));

    /// <summary>SHA-256 over all of it, in lower-case hexadecimal digits.</summary>
    public string Hash => Digest();

    /// <summary>The same without <see cref="Changes"/>: what stays as it is while a rollout changes its machines.</summary>
    public string ContentHash => (this with { Changes = [] }).Hash;

    /// <summary>What it is made of, by what a person calls it, each with a digest: to say what differs from another plan.</summary>
    public ImmutableSortedDictionary<string, string> Parts =>
        Files.Select(file => KeyValuePair.Create($"file {file.Key}", file.Value))
            .Concat(Targets.Select(target => KeyValuePair.Create($"machine {target.Key}", DigestOf([target.Value]))))
            .Concat(Variables.Select(variable => KeyValuePair.Create($"variable {variable.Key}", DigestOf([variable.Value]))))
            .Append(KeyValuePair.Create(ChangesPart, DigestOf(Changes)))
            .ToImmutableSortedDictionary(StringComparer.Ordinal);

    /// <summary>Which parts another plan has not, or has otherwise, or has beyond this one.</summary>
    /// <param name="parts">The other plan's.</param>
    public ImmutableArray<string> DifferencesFrom(IReadOnlyDictionary<string, string> parts)
    {
        var own = Parts;
        return
        [
            .. own.Keys.Union(parts.Keys).Order(StringComparer.Ordinal)
                .Where(part => own.GetValueOrDefault(part) != parts.GetValueOrDefault(part)),
        ];
    }

    private static string DigestOf(ImmutableArray<string> texts)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        AppendAll(hash, texts);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private string Digest()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Append(hash, "sandbox rollout plan 1");
        AppendAll(hash, Checkpoints);
        AppendMap(hash, Targets);
        AppendMap(hash, Files);
        AppendMap(hash, Variables);
        AppendAll(hash, Changes);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static void AppendMap(IncrementalHash hash, ImmutableSortedDictionary<string, string> map) =>
        AppendAll(hash, [.. map.OrderBy(entry => entry.Key, StringComparer.Ordinal).SelectMany(entry => new[] { entry.Key, entry.Value })]);

    private static void AppendAll(IncrementalHash hash, ImmutableArray<string> texts)
    {
        AppendLength(hash, texts.Length);
        foreach (var text in texts)
        {
            Append(hash, text);
        }
    }

    // Each text with its length before it, so that no two plans are one row of bytes.
    private static void Append(IncrementalHash hash, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        AppendLength(hash, bytes.Length);
        hash.AppendData(bytes);
    }

    private static void AppendLength(IncrementalHash hash, int length)
    {
        Span<byte> bytes = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32BigEndian(bytes, length);
        hash.AppendData(bytes);
    }
}
