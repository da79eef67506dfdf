using Microsoft.Extensions.Options;

namespace Sandbox.Api.E2b;

/// <summary>The templates that there are, by their names and aliases.</summary>
internal sealed class TemplateCatalog
{
    /// <summary>What <c>sandbox image e2b</c> builds.</summary>
    private const string DefaultImage = "sandbox-e2b:latest";

    private readonly Dictionary<string, Template> _byName = new(StringComparer.Ordinal);

    public TemplateCatalog(IOptions<E2bOptions> options)
    {
        var configured = options.Value.Templates.Select(entry => new Template(entry.Key, entry.Value)).ToList();
        foreach (var name in configured.SelectMany(template => template.Names.Select(name => (name, template))))
        {
            _byName[name.name] = name.template;
        }

        foreach (var name in (string[])["base", "code-interpreter-v1"])
        {
            _byName.TryAdd(name, new Template(name, new E2bTemplateOptions { Image = DefaultImage }));
        }

        All = [.. _byName.Values.Distinct().OrderBy(template => template.Name, StringComparer.Ordinal)];
    }

    public IReadOnlyList<Template> All { get; }

    /// <param name="name">Name or alias.</param>
    public Template? Find(string name) => _byName.GetValueOrDefault(name);
}
