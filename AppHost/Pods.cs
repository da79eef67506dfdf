using Aspire.Hosting.Kubernetes;
using Aspire.Hosting.Kubernetes.Resources;

namespace AppHost;

/// <summary>The nodes of a stack on Kubernetes: one program that runs sandboxes as pods, because no pod has an engine.</summary>
internal static class Pods
{
    /// <summary>Of the resource, and of the node that its replicas are together.</summary>
    public const string Name = "pods";

    // As the chart's text: filled in where it is installed.
    private const string InstalledNamespace = "{{ .Release.Namespace }}";

    public static IResourceBuilder<ProjectResource> AsPods(
        this IResourceBuilder<ProjectResource> node, IResourceBuilder<ParameterResource> agentImage, IResourceBuilder<ParameterResource> agentSecret)
    {
        node.WithHttpEndpoint(targetPort: 8090, name: "roads", env: "ROADS_PORT")
            .WithEndpoint(targetPort: 7070, scheme: "tcp", name: "agents");
        return node
            .WithEnvironment("Worker__NodeName", Name)
            .WithEnvironment("Worker__Listen", "0.0.0.0:8090")
            .WithEnvironment("Worker__DataFolder", "/tmp/sandbox") // nothing in it is kept, and an image's user may write there
            .WithEnvironment("Worker__AgentListen", "0.0.0.0:7070")
            .WithEnvironment("Worker__AgentSecret", agentSecret)
            .WithEnvironment("Kubernetes__Mode", "pod") // the other one takes a controller that few clusters have
            .WithEnvironment("Kubernetes__AgentImage", agentImage)
            .WithEnvironment("Kubernetes__OwnerAddress", $"{node.GetEndpoint("agents").Property(EndpointProperty.HostAndPort)}")
            .PublishAsKubernetesService(AddRights);
    }

    /// <summary>Its pods are made where it is itself, by an account of its own that may do there what it needs.</summary>
    private static void AddRights(KubernetesResource service)
    {
        service.ConfigMap!.Data["Kubernetes__Namespace"] = InstalledNamespace;
        service.Workload!.PodTemplate.Spec.ServiceAccountName = Named("account");
        service.AdditionalResources.AddRange(
        [
            new ServiceAccountV1 { Metadata = { Name = Named("account") } },
            new Role
            {
                Metadata = { Name = Named("role") },
                Rules = { Rule("pods", "create", "get", "list", "watch", "delete"), Rule("secrets", "create", "get", "list", "update", "delete") },
            },
            new RoleBinding
            {
                Metadata = { Name = Named("role-binding") },
                RoleRef = { Kind = "Role", Name = Named("role"), ApiGroup = "rbac.authorization.k8s.io" },
                Subjects = { new SubjectV1 { Kind = "ServiceAccount", Name = Named("account"), Namespace = InstalledNamespace } },
            },
        ]);
    }

    private static PolicyRuleV1 Rule(string resource, params string[] verbs)
    {
        var rule = new PolicyRuleV1 { ApiGroups = { "" }, Resources = { resource } };
        rule.Verbs.AddRange(verbs);
        return rule;
    }

    private static string Named(string what) => $"{Name}-{what}";
}
