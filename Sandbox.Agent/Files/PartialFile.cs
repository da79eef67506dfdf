namespace Sandbox.Agent.Files;

/// <summary>
/// Where an upload lies until it is whole: beside its target under a name that listings and watches leave out. The name
/// says whether the target was there before, so that a watch can tell a new file from a changed one.
/// </summary>
internal static class PartialFile
{
    private const string New = ".sandbox-partial-new-", Changed = ".sandbox-partial-old-";

    public static string For(string target, bool isNew) =>
        SandboxPath.Join(SandboxPath.Parent(target) ?? "/", $"{(isNew ? New : Changed)}{Guid.NewGuid():N}");

    public static bool Is(string name) => IsNew(name) || name.StartsWith(Changed, StringComparison.Ordinal);

    public static bool IsNew(string name) => name.StartsWith(New, StringComparison.Ordinal);
}
