namespace Sandbox.Api.E2b;

/// <summary>A template: a named image, and what a sandbox of it gets.</summary>
internal sealed record Template(string Name, E2bTemplateOptions Options)
{
    public IEnumerable<string> Names => Options.Aliases.Prepend(Name);

    /// <summary>The first other name that it has; null: none.</summary>
    public string? Alias => Options.Aliases.FirstOrDefault();
}
