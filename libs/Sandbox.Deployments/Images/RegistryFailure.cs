using System.Globalization;
using System.Text.RegularExpressions;

namespace Sandbox.Deployments.Images;

/// <summary>What a caller is told of a pull or a push that failed: its kind. The engine's own sentence says what answers at which
/// address, in its registry's words, and is for the log.</summary>
internal static partial class RegistryFailure
{
    private static readonly (string Kind, string[] Signs)[] Kinds =
    [
        // Engines say "denied" for what does not exist, too, unless one is logged in.
        ("the registry does not give it to these credentials, or does not have it",
            ["unauthorized", "denied", "no basic auth credentials", "authentication required", "forbidden"]),
        ("the registry does not have it", ["manifest unknown", "not found", "name unknown", "no matching manifest"]),
        ("the registry asks for a pause", ["toomanyrequests", "too many requests"]),
        ("this node has no space for it", ["no space left"]),
    ];

    public static bool IsRefusedLogin(string said) =>
        said.Contains("unauthorized", StringComparison.OrdinalIgnoreCase)
            || said.Contains("no basic auth credentials", StringComparison.OrdinalIgnoreCase);

    /// <summary>What is said of a registry of which nothing came, or to which nothing went, for so long.</summary>
    public static string Silence(string silent, TimeSpan longest) =>
        string.Create(CultureInfo.InvariantCulture, $"the registry {silent} for {longest.TotalSeconds:0} s");

    public static string KindOf(string said) => Silent.IsMatch(said)
        ? said
        : Kinds.FirstOrDefault(kind => kind.Signs.Any(sign => said.Contains(sign, StringComparison.OrdinalIgnoreCase))).Kind
            ?? "the registry does not answer as one";

    /// <summary>Our own sentence: it has nothing of the registry's.</summary>
    [GeneratedRegex(@"\Athe registry (sent|took) nothing for \d{1,5} s\z", RegexOptions.CultureInvariant)]
    private static partial Regex Silent { get; }
}
