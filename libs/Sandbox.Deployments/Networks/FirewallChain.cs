using System.Security.Cryptography;
using System.Text;

namespace Sandbox.Deployments.Networks;

/// <summary>A chain of our own in iptables' table <c>mangle</c>, which sees what comes from some interfaces before it is routed.</summary>
/// <param name="Program"><c>iptables</c> or <c>ip6tables</c>.</param>
/// <param name="Name">Of the chain, at most 28 characters.</param>
/// <param name="Interfaces">Beginning of the names of the interfaces.</param>
/// <param name="Rules">What stands behind <c>-A NAME</c>, in order.</param>
internal sealed record FirewallChain(string Program, string Name, string Interfaces, IReadOnlyList<string> Rules)
{
    private const string Hook = "PREROUTING";

    /// <summary>The text for <c>iptables-restore --noflush</c> that puts the chain and the one jump to it in place, or null when the
    /// machine has them.</summary>
    /// <param name="saved">What <c>iptables-save -t mangle</c> printed.</param>
    public string? TextToPutInPlace(string saved)
    {
        var jumps = Jumps(saved);
        var isInPlace = jumps is [var only] && only.Contains(Mark(), StringComparison.Ordinal)
            && Lines(saved).Count(line => line.StartsWith($"-A {Name} ", StringComparison.Ordinal)) == Rules.Count;
        return isInPlace
            ? null
            : Commit(
                $":{Name} - [0:0]", jumps.Select(Deleted),
                [$"-I {Hook} 1 -i {Interfaces}+ -m comment --comment {Mark()} -j {Name}", .. Rules.Select(rule => $"-A {Name} {rule}")]);
    }

    /// <summary>The text that removes both, or null when there is nothing of them.</summary>
    /// <inheritdoc cref="TextToPutInPlace"/>
    public string? TextToRemove(string saved) =>
        Lines(saved).Any(line => line.StartsWith($":{Name} ", StringComparison.Ordinal))
            ? Commit($":{Name} - [0:0]", Jumps(saved).Select(Deleted), [$"-X {Name}"])
            : null;

    private static string Commit(string chain, IEnumerable<string> deleted, IEnumerable<string> added) =>
        string.Join('\n', (IEnumerable<string>)["*mangle", chain, .. deleted, .. added, "COMMIT", ""]);

    private static string Deleted(string jump) => $"-D{jump[2..]}";

    private static string[] Lines(string saved) => saved.Split('\n', StringSplitOptions.TrimEntries);

    private List<string> Jumps(string saved) =>
        [.. Lines(saved).Where(line => line.StartsWith($"-A {Hook} ", StringComparison.Ordinal)
            && line.EndsWith($" -j {Name}", StringComparison.Ordinal))];

    /// <summary>Tells these rules from those of another version or policy, however iptables prints them.</summary>
    private string Mark() =>
        "sandbox-" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{Interfaces}\n{string.Join('\n', Rules)}")))[..16];
}
