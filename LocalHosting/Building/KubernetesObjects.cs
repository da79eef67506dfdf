using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Kubernetes.Resources;

// What a floor plan may add to or change in the chart of one of its resources; only Aspire's packages write a chart.
namespace Aspire.Hosting.Kubernetes
{
    /// <summary>A resource as the objects of a chart.</summary>
    public class KubernetesResource(string name, IResource resource, KubernetesEnvironmentResource kubernetesEnvironmentResource) : Resource(name)
    {
        public KubernetesEnvironmentResource Parent { get; } = kubernetesEnvironmentResource;

        public Workload? Workload { get; set; }

        public ConfigMap? ConfigMap { get; set; }

        public List<BaseKubernetesResource> AdditionalResources { get; } = [];

        internal IResource TargetResource { get; } = resource;
    }

    public sealed class KubernetesServiceCustomizationAnnotation(Action<KubernetesResource> configure) : IResourceAnnotation
    {
        public Action<KubernetesResource> Configure { get; } = configure;
    }
}

namespace Aspire.Hosting.Kubernetes.Resources
{
    public abstract class BaseKubernetesResource(string apiVersion, string kind)
    {
        public string? ApiVersion { get; set; } = apiVersion;

        public string? Kind { get; set; } = kind;

        public ObjectMetaV1 Metadata { get; set; } = new();
    }

    public sealed class ObjectMetaV1
    {
        public string Name { get; set; } = null!;
    }

    /// <summary>Whatever makes pods.</summary>
    public abstract class Workload(string apiVersion, string kind) : BaseKubernetesResource(apiVersion, kind)
    {
        public abstract PodTemplateSpecV1 PodTemplate { get; }
    }

    public sealed class Deployment() : Workload("apps/v1", "Deployment")
    {
        public override PodTemplateSpecV1 PodTemplate { get; } = new();
    }

    public sealed class PodTemplateSpecV1
    {
        public PodSpecV1 Spec { get; set; } = new();
    }

    public sealed class PodSpecV1
    {
        public string? ServiceAccountName { get; set; }
    }

    public sealed class ConfigMap() : BaseKubernetesResource("v1", "ConfigMap")
    {
        public Dictionary<string, string> Data { get; } = [];
    }

    public sealed class ServiceAccountV1() : BaseKubernetesResource("v1", "ServiceAccount");

    public sealed class Role() : BaseKubernetesResource("rbac.authorization.k8s.io/v1", "Role")
    {
        public List<PolicyRuleV1> Rules { get; } = [];
    }

    public sealed class PolicyRuleV1
    {
        public List<string> ApiGroups { get; } = [];

        public List<string> Resources { get; } = [];

        public List<string> Verbs { get; } = [];
    }

    public sealed class RoleBinding() : BaseKubernetesResource("rbac.authorization.k8s.io/v1", "RoleBinding")
    {
        public RoleRefV1 RoleRef { get; set; } = new();

        public List<SubjectV1> Subjects { get; } = [];
    }

    public sealed class RoleRefV1
    {
        public string Kind { get; set; } = null!;

        public string Name { get; set; } = null!;

        public string ApiGroup { get; set; } = null!;
    }

    public sealed class SubjectV1
    {
        public string Kind { get; set; } = null!;

        public string Name { get; set; } = null!;

        public string Namespace { get; set; } = null!;
    }
}
