using Microsoft.Extensions.Options;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Specs;
using Sandbox.Kubernetes.Pools;
using Sandbox.Kubernetes.Templates;
using Sandbox.Node.Agents;

namespace Sandbox.Kubernetes;

/// <summary>
/// Where a sandbox's pod comes from: the pool or template it names, else the pool that fits best, else the template of the first
/// rule that matches. Decided once, when it is submitted, and written into its spec: a later change of the rules does not move it.
/// </summary>
internal sealed class PodChoice(PodTemplates templates, IOptions<KubernetesOptions> options)
{
    public const string TemplateName = "template_name";
    private const string PoolName = PooledAgents.PoolName;

    /// <summary>The spec with exactly one of the two names in it.</summary>
    public Result<SandboxSpec> Decide(SandboxSpec spec)
    {
        var named = spec.ExtendedParams.GetValueOrDefault(PoolName);
        var template = spec.ExtendedParams.GetValueOrDefault(TemplateName);
        if (named is not null)
        {
            return options.Value.Pools.Any(pool => pool.Name == named)
                ? With(spec, PoolName, named)
                : new SandboxError.BadSpec(
                    $"extended_params.{PoolName}",
                    $"'{named}' is not a pool here; there are {Listed(options.Value.Pools.Select(pool => pool.Name))}.");
        }

        if (template is null && PoolChoice.Of(spec, options.Value.Pools) is { } pool)
        {
            return With(spec, PoolName, pool.Name);
        }

        template ??= TemplateChoice.Of(spec, options.Value.Rules);
        return templates.Has(template)
            ? With(spec, TemplateName, template)
            : new SandboxError.BadSpec(
                $"extended_params.{TemplateName}", $"'{template}' is not a template here; there are {Listed(templates.Names)}.");
    }

    /// <summary>For a sandbox that another process wrote down, which knows no rules: what it names is checked now, and one that names
    /// nothing gets the template of the first rule that matches. Never a pool, because its agent is expected to dial by now.</summary>
    public Result<SandboxSpec> Complete(SandboxSpec spec) =>
        spec.ExtendedParams.ContainsKey(PoolName) || spec.ExtendedParams.ContainsKey(TemplateName)
            ? Decide(spec)
            : Decide(With(spec, TemplateName, TemplateChoice.Of(spec, options.Value.Rules)));

    private static string Listed(IEnumerable<string> names) => string.Join(", ", names) is { Length: > 0 } list ? list : "none";

    private static SandboxSpec With(SandboxSpec spec, string name, string value) => spec with
    {
        ExtendedParams = new Dictionary<string, string>(
            spec.ExtendedParams.Where(entry => entry.Key is not (PoolName or TemplateName)))
        { [name] = value },
    };
}
