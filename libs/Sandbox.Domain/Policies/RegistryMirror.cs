namespace Sandbox.Domain.Policies;

/// <summary>A registry that has copies of other registries' images.</summary>
public sealed class RegistryMirror
{
    /// <summary>Host, with a port where need be: <c>mirror.example:5000</c>.</summary>
    public string Registry { get; set; } = "";

    /// <summary>Where it has images under one path of its own, asked second: <c>copies</c>. Empty: only under their own paths.</summary>
    public string Namespace { get; set; } = "";

    /// <summary>Empty: it asks for none.</summary>
    public string Username { get; set; } = "";

    /// <summary>Never logged.</summary>
    public string Password { get; set; } = "";

    /// <summary>It is asked without TLS. Default: no.</summary>
    public bool IsInsecure { get; set; }
}
