using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Options;
using Sandbox.Domain.Lifecycle;
using Sandbox.Kubernetes.Templates;
using Sandbox.Node;
using Sandbox.Node.Agents;

namespace Sandbox.Kubernetes.Objects;

/// <summary>What the cluster is asked to make for a sandbox: a secret with its agent's token, and a pod or a batch sandbox. The
/// same for the same sandbox, however often it is asked.</summary>
internal sealed class SandboxManifests(
    PodTemplates templates, AgentTokens tokens, ImageAuth auth, IOptions<KubernetesOptions> options, IOptions<WorkerOptions> worker)
{
    private const string PullKey = ".dockerconfigjson";

    /// <summary>Null for a pod from a pool: its agent has the pool's token.</summary>
    public JsonObject? Secret(SandboxInstance sandbox, PodSource source, string? registryPassword)
    {
        if (source.IsPool)
        {
            return null;
        }

        var data =
            new JsonObject { [AgentInjection.TokenKey] = Convert.ToBase64String(Encoding.UTF8.GetBytes(tokens.Of(sandbox.Incarnation))) };
        var pulls = HasPullSecret(sandbox, registryPassword);
        if (pulls)
        {
            data[PullKey] = Convert.ToBase64String(
                ImageAuth.PullSecret(ImageAuth.RegistryOf(sandbox.Spec.Image)!, sandbox.Spec.RegistryUsername!, registryPassword!));
        }

        return new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Secret",
            ["metadata"] = Metadata(sandbox),
            ["type"] = pulls ? "kubernetes.io/dockerconfigjson" : "Opaque",
            ["data"] = data,
        };
    }

    /// <summary>The pod, or the batch sandbox that leads to one. Throws a <see cref="TemplateException"/>.</summary>
    public JsonObject Sandbox(SandboxInstance sandbox, PodSource source, string? registryPassword)
    {
        var spec = sandbox.Spec;
        if (source.IsPool)
        {
            return Batch(sandbox, new JsonObject { ["poolRef"] = source.Name, ["replicas"] = 1 }, template: null);
        }

        var pulls = HasPullSecret(sandbox, registryPassword);
        var rendered = templates.Render(
            source.Name, TemplateValues.Of(sandbox, source.Name, pulls ? auth.Encrypt(spec.RegistryUsername, registryPassword) : ""));
        AgentInjection.Apply(rendered.Spec, sandbox, options.Value, ObjectName.Of(sandbox.Incarnation), pulls);
        return options.Value.IsPodMode ? Pod(sandbox, rendered) : Batch(sandbox, BatchSpec(sandbox, rendered), rendered);
    }

    /// <summary>Whether what was made holds the spec's disk limit.</summary>
    public static bool LimitsDisk(JsonObject made) =>
        (made["spec"]?["template"]?["spec"] ?? made["spec"]) is JsonObject spec
        && spec["containers"] is not null
        && AgentInjection.MainContainer(spec)["resources"]?["limits"]?["ephemeral-storage"] is not null;

    private static bool HasPullSecret(SandboxInstance sandbox, string? registryPassword) =>
        sandbox.Spec.RegistryUsername is not null && registryPassword is not null && ImageAuth.RegistryOf(sandbox.Spec.Image) is not null;

    private JsonObject Pod(SandboxInstance sandbox, RenderedTemplate rendered) => new()
    {
        ["apiVersion"] = "v1",
        ["kind"] = "Pod",
        ["metadata"] = Told(PodMetadata(rendered, Metadata(sandbox)), rendered),
        ["spec"] = rendered.Spec.DeepClone(),
    };

    private JsonObject BatchSpec(SandboxInstance sandbox, RenderedTemplate rendered)
    {
        var own =
            new JsonObject { ["labels"] = ObjectLabels.Labels(sandbox, worker.Value), ["annotations"] = ObjectLabels.Annotations(sandbox) };
        return new JsonObject
        {
            ["replicas"] = 1,
            ["template"] = new JsonObject { ["metadata"] = PodMetadata(rendered, own), ["spec"] = rendered.Spec.DeepClone() },
        };
    }

    private JsonObject Batch(SandboxInstance sandbox, JsonObject spec, RenderedTemplate? template)
    {
        var metadata = Metadata(sandbox);
        if (template is null)
        {
            metadata["annotations"]![ObjectLabels.RockPorts] = """{"proxy":8000,"server":8080,"ssh":22}""";
        }
        else
        {
            Told(metadata, template);
            if (template.Speedup)
            {
                metadata["labels"]![ObjectLabels.Speedup] = "true";
            }
        }

        return new JsonObject
        {
            ["apiVersion"] = $"{BatchSandboxes.Group}/{BatchSandboxes.Version}",
            ["kind"] = BatchSandboxes.Kind,
            ["metadata"] = metadata,
            ["spec"] = spec
        };
    }

    private static JsonObject Told(JsonObject metadata, RenderedTemplate rendered)
    {
        if (ObjectLabels.IsLabel(rendered.Name))
        {
            metadata["labels"]![ObjectLabels.RockTemplate] = rendered.Name;
        }

        metadata["annotations"]![ObjectLabels.Template] = rendered.Name;
        metadata["annotations"]![ObjectLabels.RockPorts] = rendered.Ports.ToJsonString();
        return metadata;
    }

    /// <summary>The template's labels and annotations under our own, which no template can replace.</summary>
    private static JsonObject PodMetadata(RenderedTemplate rendered, JsonObject own)
    {
        foreach (var part in (string[])["labels", "annotations"])
        {
            var merged = rendered.Metadata[part]?.DeepClone().AsObject() ?? [];
            foreach (var (name, value) in own[part]!.AsObject())
            {
                merged[name] = value?.DeepClone();
            }

            own[part] = merged;
        }

        return own;
    }

    private JsonObject Metadata(SandboxInstance sandbox) => new()
    {
        ["name"] = ObjectName.Of(sandbox.Incarnation),
        ["namespace"] = options.Value.Namespace,
        ["labels"] = ObjectLabels.Labels(sandbox, worker.Value),
        ["annotations"] = ObjectLabels.Annotations(sandbox),
    };
}
