namespace Sandbox.Deployments.Images;

/// <summary>What a caller is told of a pull or a push that failed: its kind. The engine's own sentence says what answers at which
/// address, in its registry's words, and is for the log.</summary>
internal static class RegistryFailure
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

    public static string KindOf(string said) =>
        Kinds.FirstOrDefault(kind => kind.Signs.Any(sign => said.Contains(sign, StringComparison.OrdinalIgnoreCase))).Kind
        ?? "the registry does not answer as one";
}
