using System.Text.Json.Nodes;
using Microsoft.Extensions.Options;

namespace Sandbox.Kubernetes.Templates;

/// <summary>The templates of pods, read once.</summary>
internal sealed class PodTemplates
{
    public const string Default = "default";

    private readonly Dictionary<string, JsonObject> _templates = new(StringComparer.Ordinal);

    public PodTemplates(IOptions<KubernetesOptions> options)
    {
        using var embedded = new StreamReader(typeof(PodTemplates).Assembly.GetManifestResourceStream("default.yaml")!);
        Add(Default, embedded);
        foreach (var file in Files(options.Value.TemplateFolder))
        {
            using var reader = File.OpenText(file);
            Add(Path.GetFileNameWithoutExtension(file), reader);
        }
    }

    public IEnumerable<string> Names => _templates.Keys.Order(StringComparer.Ordinal);

    /// <summary>The same before any of them is read.</summary>
    public static SortedSet<string> NamesIn(string folder) =>
        new(Files(folder).Select(file => Path.GetFileNameWithoutExtension(file)).Prepend(Default), StringComparer.Ordinal);

    public bool Has(string name) => _templates.ContainsKey(name);

    /// <summary>The template with its placeholders filled. Throws a <see cref="TemplateException"/> that names template and
    /// mistake.</summary>
    public RenderedTemplate Render(string name, IReadOnlyDictionary<string, string> values)
    {
        try
        {
            var rendered = TemplateTree.Render(_templates[name], values)!.AsObject();
            return new RenderedTemplate(
                name,
                rendered["ports"]!.AsObject(),
                Child(rendered["template"]!.AsObject(), "metadata"),
                rendered["template"]!["spec"]!.AsObject(),
                rendered["enable_resource_speedup"]?.GetValue<bool>() ?? true);
        }
        catch (TemplateException exception)
        {
            throw new TemplateException($"Template '{name}': {exception.Message}");
        }
    }

    private static IEnumerable<string> Files(string folder) =>
        folder.Length == 0
            ? [] : Directory.EnumerateFiles(folder).Where(file => Path.GetExtension(file) is ".yaml" or ".yml")
            .Order(StringComparer.Ordinal);

    private static JsonObject Child(JsonObject parent, string name) =>
        parent[name] as JsonObject ?? new JsonObject();

    private void Add(string name, TextReader reader)
    {
        var template = TemplateTree.Read(reader, name);
        if (template["ports"] is not JsonObject { Count: > 0 })
        {
            throw new TemplateException($"Template '{name}' has no ports: each template says its proxy, server and ssh port.");
        }

        if (template["template"]?["spec"]?["containers"] is not JsonArray { Count: > 0 })
        {
            throw new TemplateException($"Template '{name}' has no template.spec.containers.");
        }

        _templates[name] = template;
    }
}

/// <param name="Ports">As they are told to clients in an annotation.</param>
internal sealed record RenderedTemplate(string Name, JsonObject Ports, JsonObject Metadata, JsonObject Spec, bool Speedup);
