using Microsoft.Extensions.Options;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Specs;
using Sandbox.Kubernetes.Objects;
using Sandbox.Kubernetes.Templates;
using Sandbox.Node.Agents;

namespace Sandbox.Kubernetes;

/// <summary>
/// The choice of where a sandbox's pod comes from: the pool or the template that its spec names, else the template of the first rule
/// that matches. It is made when the pod is, by the rules of that moment, and the object says it from then on.
/// </summary>
internal sealed class PodChoice(PodTemplates templates, IOptions<KubernetesOptions> options)
{
    private const string TemplateName = "template_name";

    /// <summary><see cref="SandboxError.BadSpec"/> for a name that is not known here.</summary>
    public Result<PodSource> Of(SandboxSpec spec)
    {
        if (spec.ExtendedParams.GetValueOrDefault(PooledAgents.PoolName) is { } pool)
        {
            var pools = options.Value.Pools.Select(one => one.Name);
            return pools.Contains(pool)
                ? new PodSource(pool, IsPool: true)
                : Unknown(PooledAgents.PoolName, $"'{pool}' is not a pool here; there are {Listed(pools)}.");
        }

        var template = spec.ExtendedParams.GetValueOrDefault(TemplateName) ?? TemplateChoice.Of(spec, options.Value.Rules);
        return templates.Has(template)
            ? new PodSource(template, IsPool: false)
            : Unknown(TemplateName, $"'{template}' is not a template here; there are {Listed(templates.Names)}.");
    }

    private static SandboxError.BadSpec Unknown(string name, string reason) => new($"extended_params.{name}", reason);

    private static string Listed(IEnumerable<string> names) => string.Join(", ", names) is { Length: > 0 } list ? list : "none";
}
