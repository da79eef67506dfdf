using System.Security.Cryptography;
using System.Text;

namespace Sandbox.Deployments.Networks;

/// <summary>A chain of our own in a table of iptables, with its branches, which sees what comes from some interfaces before it is
/// routed.</summary>
/// <param name="Program"><c>iptables</c> or <c>ip6tables</c>.</param>
/// <param name="Name">Of the chain. With a branch's behind it at most 28 characters.</param>
/// <param name="Interfaces">Beginning of the names of the interfaces.</param>
/// <param name="Rules">What stands behind <c>-A NAME</c>, in order.</param>
internal sealed record FirewallChain(string Program, string Name, string Interfaces, IReadOnlyList<string> Rules)
{
    private const string Hook = "PREROUTING";

    /// <summary>The chain of a node, without rules.</summary>
    /// <param name="key">The node's.</param>
    public static FirewallChain OfNode(string program, string key) => new(program, $"SANDBOX-{key}", BridgesOf(key), []);

    /// <summary>What the names of a node's bridges begin with.</summary>
    public static string BridgesOf(string key) => $"sb{key}-";

    public string Table { get; init; } = "mangle";

    public IReadOnlyList<FirewallBranch> Branches { get; init; } = [];

    /// <summary>Branches of the machine that are not among <see cref="Branches"/> stay as they are, with the jumps to them: nobody has told
    /// this process yet whether they are needed.</summary>
    public bool KeepsOtherBranches { get; init; }

    /// <summary>Tells these rules from those of another version or policy, however iptables prints them.</summary>
    public string Mark
    {
        get
        {
            var text = new StringBuilder($"{Interfaces}\n{string.Join('\n', Rules)}");
            foreach (var branch in Branches)
            {
                text.Append('\n').Append(branch.Name).Append('\n').Append(branch.Match).Append('\n').AppendJoin('\n', branch.Rules);
            }

            return "sandbox-" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())))[..16];
        }
    }

    /// <summary>The text for <c>iptables-restore --noflush</c> that puts the chain and the one jump to it in place, or null when the
    /// machine has them.</summary>
    /// <param name="saved">What <c>iptables-save -t TABLE</c> printed.</param>
    public string? TextToPutInPlace(string saved)
    {
        var lines = Lines(saved);
        var jumps = JumpsToThis(lines);
        var others = BranchesIn(lines).Except(Branches.Select(branch => branch.Name)).ToList();
        var kept = KeepsOtherBranches ? others.SelectMany(name => JumpsTo(lines, name)).ToList() : [];
        var gone = KeepsOtherBranches ? [] : others;
        var mark = Mark;
        var isInPlace = jumps is [var only] && only.Contains(mark, StringComparison.Ordinal) && gone.Count == 0
            && Count(lines, Name) == kept.Count + Branches.Count + Rules.Count
            && Branches.All(branch => Count(lines, $"{Name}-{branch.Name}") == branch.Rules.Count);
        return isInPlace
            ? null
            : Commit(
                [.. Branches.Select(branch => branch.Name), .. gone],
                [
                    .. jumps.Select(Deleted),
                    $"-I {Hook} 1 -i {Interfaces}+ -m comment --comment {mark} -j {Name}",
                    .. kept,
                    .. Branches.Select(branch => $"-A {Name} {branch.Match} -j {Name}-{branch.Name}"),
                    .. Rules.Select(rule => $"-A {Name} {rule}"),
                    .. Branches.SelectMany(branch => branch.Rules, (branch, rule) => $"-A {Name}-{branch.Name} {rule}"),
                    .. gone.Select(name => $"-X {Name}-{name}"),
                ]);
    }

    /// <summary>The text that removes all of it, or null when there is nothing of it.</summary>
    /// <inheritdoc cref="TextToPutInPlace"/>
    public string? TextToRemove(string saved)
    {
        var lines = Lines(saved);
        var branches = BranchesIn(lines);
        return lines.Any(line => line.StartsWith($":{Name} ", StringComparison.Ordinal))
            ? Commit(branches, [.. JumpsToThis(lines).Select(Deleted), .. branches.Select(name => $"-X {Name}-{name}"), $"-X {Name}"])
            : null;
    }

    /// <param name="branches">Emptied, or made, as the chain itself.</param>
    private string Commit(IEnumerable<string> branches, IEnumerable<string> changes) =>
        string.Join(
            '\n', (IEnumerable<string>)
            [$"*{Table}", $":{Name} - [0:0]", .. branches.Select(name => $":{Name}-{name} - [0:0]"), .. changes, "COMMIT", ""]);

    private static string Deleted(string jump) => $"-D{jump[2..]}";

    private static string[] Lines(string saved) => saved.Split('\n', StringSplitOptions.TrimEntries);

    private static int Count(string[] lines, string chain) =>
        lines.Count(line => line.StartsWith($"-A {chain} ", StringComparison.Ordinal));

    private List<string> BranchesIn(string[] lines) =>
        [.. lines.Where(line => line.StartsWith($":{Name}-", StringComparison.Ordinal))
            .Select(line => line[(Name.Length + 2)..].Split(' ')[0])];

    private List<string> JumpsToThis(string[] lines) =>
        [.. lines.Where(line => line.StartsWith($"-A {Hook} ", StringComparison.Ordinal)
            && line.EndsWith($" -j {Name}", StringComparison.Ordinal))];

    private IEnumerable<string> JumpsTo(string[] lines, string branch) =>
        lines.Where(line => line.StartsWith($"-A {Name} ", StringComparison.Ordinal)
            && line.EndsWith($" -j {Name}-{branch}", StringComparison.Ordinal));
}
