namespace Sandbox.Api;

/// <summary>A template of the E2B API: a named image, and what a sandbox of it gets.</summary>
public sealed class E2bTemplateOptions
{
    public string Image { get; set; } = "";

    /// <summary>Other names of it.</summary>
    public IList<string> Aliases { get; } = [];

    public double Cpus { get; set; } = 2;

    /// <summary>For example <c>512m</c>.</summary>
    public string Memory { get; set; } = "1g";

    /// <summary>Null: the server's default.</summary>
    public string? Disk { get; set; }

    /// <summary><c>never</c>, <c>always</c> or <c>missing</c>.</summary>
    public string Pull { get; set; } = "missing";
}
