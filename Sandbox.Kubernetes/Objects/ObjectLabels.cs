using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Sandbox.Contracts.Ids;
using Sandbox.Domain.Lifecycle;
using Sandbox.Node;

namespace Sandbox.Kubernetes.Objects;

/// <summary>What every object of ours says about itself, so that a sweep finds it and nobody else's is touched. Anybody who may
/// read the cluster's objects reads these: never environment or credentials.</summary>
internal static partial class ObjectLabels
{
    public const string Cluster = "sandbox.aspire/cluster";
    public const string Sandbox = "sandbox.aspire/sandbox";
    public const string Incarnation = "sandbox.aspire/incarnation";

    /// <summary>Annotation with the name of the template that was chosen; a name need not be a label.</summary>
    public const string Template = "sandbox.aspire/template";
    public const string RockSandbox = "rock.sandbox/sandbox-id";
    public const string RockTemplate = "rock.sandbox/template";
    public const string RockPorts = "rock.sandbox/ports";
    public const string Speedup = "batchsandbox.alibabacloud.com/resource-speedup";

    /// <summary>Written by the controller of batch sandboxes: the addresses of the pods, a JSON list.</summary>
    public const string Endpoints = "sandbox.opensandbox.io/endpoints";

    public static JsonObject Labels(SandboxInstance sandbox, WorkerOptions worker)
    {
        var labels = new JsonObject
        {
            [Cluster] = worker.ClusterId,
            [Incarnation] = sandbox.Incarnation.ToString(),
        };

        // An id may end with a dot, a label may not: then only the annotation tells it.
        if (IsLabel(sandbox.Id.ToString()))
        {
            labels[RockSandbox] = sandbox.Id.ToString();
            labels[Sandbox] = sandbox.Id.ToString();
        }

        return labels;
    }

    public static JsonObject Annotations(SandboxInstance sandbox) => new() { [Sandbox] = sandbox.Id.ToString() };

    public static bool IsLabel(string text) => LabelForm().IsMatch(text);

    /// <summary>False for an object that is not this cluster's or does not say whose it is.</summary>
    public static bool TryRead(
        IDictionary<string, string>? labels, IDictionary<string, string>? annotations, string cluster, out IncarnationId incarnation,
        out SandboxId sandbox)
    {
        (incarnation, sandbox) = (default, default);
        if (labels is null || !labels.TryGetValue(Cluster, out var of) || of != cluster
            || !labels.TryGetValue(Incarnation, out var life) || !IncarnationId.TryParse(life, null, out incarnation))
        {
            return false;
        }

        // One that does not tell its sandbox belongs to none.
        _ = (annotations?.TryGetValue(Sandbox, out var id) is true && SandboxId.TryParse(id, null, out sandbox))
            || (labels.TryGetValue(Sandbox, out id) && SandboxId.TryParse(id, null, out sandbox));
        return true;
    }

    [GeneratedRegex(@"^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?\z")]
    private static partial Regex LabelForm();
}
