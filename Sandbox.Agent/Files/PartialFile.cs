namespace Sandbox.Agent.Files;

/// <summary>Where an upload lies until it is whole: beside its target under a name that listings and watches leave out.</summary>
internal static class PartialFile
{
    private const string Prefix = ".sandbox-partial-";

    public static string For(string target) => SandboxPath.Join(SandboxPath.Parent(target) ?? "/", $"{Prefix}{Guid.NewGuid():N}");

    public static bool Is(string name) => name.StartsWith(Prefix, StringComparison.Ordinal);
}
