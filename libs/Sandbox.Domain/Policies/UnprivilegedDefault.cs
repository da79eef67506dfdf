namespace Sandbox.Domain.Policies;

/// <summary>What a sandbox's root may do unless its spec says otherwise, whatever runs it.</summary>
public static class UnprivilegedDefault
{
    /// <summary>Own, change and signal what is inside, become its users, and open low ports.</summary>
    public static IReadOnlyList<string> Capabilities { get; } =
        ["CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "SETUID", "SETGID", "SETPCAP", "NET_BIND_SERVICE"];
}
