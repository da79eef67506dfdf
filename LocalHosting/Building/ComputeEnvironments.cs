using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Docker.Resources.ComposeNodes;

namespace Aspire.Hosting.Docker
{
    public class DockerComposeEnvironmentResource(string name) : Resource(name), IComputeEnvironmentResource;

    /// <summary>A resource as a service of a compose file.</summary>
    public class DockerComposeServiceResource : Resource
    {
        internal DockerComposeServiceResource(string name)
            : base(name)
        {
        }
    }
}

namespace Aspire.Hosting.Kubernetes
{
    public sealed class KubernetesEnvironmentResource(string name) : Resource(name), IComputeEnvironmentResource
    {
        /// <summary>What a volume becomes: <c>emptyDir</c> or <c>pvc</c>.</summary>
        public string DefaultStorageType { get; set; } = "emptyDir";
    }
}

namespace Aspire.Hosting.Azure.AppContainers
{
    public class AzureContainerAppEnvironmentResource : Resource, IComputeEnvironmentResource
    {
        internal AzureContainerAppEnvironmentResource(string name)
            : base(name)
        {
        }
    }
}

namespace Aspire.Hosting
{
    using Aspire.Hosting.Azure.AppContainers;
    using Aspire.Hosting.Docker;
    using Aspire.Hosting.Kubernetes;

    // Where a published stack runs. Without Aspire's packages only compose text can be written.
    public static class DockerComposeEnvironmentExtensions
    {
        public static IResourceBuilder<DockerComposeEnvironmentResource> AddDockerComposeEnvironment(this IDistributedApplicationBuilder builder, string name) =>
            builder.AddEnvironment(new DockerComposeEnvironmentResource(name));

        /// <summary>Without effect: there is no dashboard to publish.</summary>
        public static IResourceBuilder<DockerComposeEnvironmentResource> WithDashboard(this IResourceBuilder<DockerComposeEnvironmentResource> builder, bool enabled = true) => builder;

        // While running there is none, as with Aspire.
        internal static IResourceBuilder<T> AddEnvironment<T>(this IDistributedApplicationBuilder builder, T environment)
            where T : IResource => builder.ExecutionContext.IsPublishMode ? builder.AddResource(environment) : builder.CreateResourceBuilder(environment);
    }

    public static class DockerComposeServiceExtensions
    {
        public static IResourceBuilder<T> PublishAsDockerComposeService<T>(
            this IResourceBuilder<T> builder, Action<DockerComposeServiceResource, Service> configure)
            where T : IComputeResource =>
            builder.ApplicationBuilder.ExecutionContext.IsPublishMode ? builder.WithAnnotation(new ComposeServiceAnnotation(configure)) : builder;
    }

    public static class KubernetesEnvironmentExtensions
    {
        public static IResourceBuilder<KubernetesEnvironmentResource> AddKubernetesEnvironment(this IDistributedApplicationBuilder builder, string name) =>
            builder.AddEnvironment(new KubernetesEnvironmentResource(name));

        public static IResourceBuilder<KubernetesEnvironmentResource> WithProperties(
            this IResourceBuilder<KubernetesEnvironmentResource> builder, Action<KubernetesEnvironmentResource> configure)
        {
            configure(builder.Resource);
            return builder;
        }
    }

    public static class KubernetesServiceExtensions
    {
        public static IResourceBuilder<T> PublishAsKubernetesService<T>(this IResourceBuilder<T> builder, Action<KubernetesResource> configure)
            where T : IComputeResource =>
            builder.ApplicationBuilder.ExecutionContext.IsPublishMode ? builder.WithAnnotation(new KubernetesServiceCustomizationAnnotation(configure)) : builder;
    }

    public static class AzureContainerAppExtensions
    {
        public static IResourceBuilder<AzureContainerAppEnvironmentResource> AddAzureContainerAppEnvironment(this IDistributedApplicationBuilder builder, string name) =>
            builder.AddEnvironment(new AzureContainerAppEnvironmentResource(name));
    }

    internal sealed record ComposeServiceAnnotation(Action<DockerComposeServiceResource, Service> Configure) : IResourceAnnotation;
}
