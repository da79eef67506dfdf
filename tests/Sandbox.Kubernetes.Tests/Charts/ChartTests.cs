using k8s;
using k8s.Models;

namespace Sandbox.Kubernetes.Tests.Charts;

/// <summary>The chart with each of its files of values: what helm says of it, and that nothing in it refers to what is not there.</summary>
public sealed class ChartTests
{
    private static readonly string[] Programs = ["api", "health", "pods"];

    public static TheoryData<string> Files => RenderedChart.Files;

    [NeedsHelmTheory]
    [MemberData(nameof(Files))]
    public async Task Chart_WithTheseValues_IsFreeOfWarnings(string file)
    {
        var (code, output, error) = await Helm.RunAsync(["lint", "--strict", .. RenderedChart.ArgumentsFor(file)]);

        Assert.True(code == 0, $"helm lint --strict was to find nothing with {file}: {output}{error}");
    }

    [NeedsHelmTheory]
    [InlineData("bare-values.yaml", "api pods", "ConfigMap:0 Ingress:0 NetworkPolicy:0 PodDisruptionBudget:0 Secret:0")]
    [InlineData("least-values.yaml", "api health pods", "ConfigMap:0 Ingress:0 NetworkPolicy:4 PodDisruptionBudget:2 Secret:0")]
    [InlineData("generated-values.yaml", "api health pods", "ConfigMap:0 Ingress:0 NetworkPolicy:4 PodDisruptionBudget:2 Secret:1")]
    [InlineData("full-values.yaml", "api health pods", "ConfigMap:1 Ingress:1 NetworkPolicy:4 PodDisruptionBudget:3 Secret:0")]
    public async Task Objects_WithTheseValues_AreThoseThatWereAskedFor(string file, string programs, string counts)
    {
        var chart = await RenderedChart.RenderAsync(file);

        var components = chart.Deployments.Select(deployment => deployment.Metadata.Labels["app.kubernetes.io/component"]);
        Assert.Equal(programs.Split(' '), components.Order(StringComparer.Ordinal));
        Assert.All(counts.Split(' ').Select(count => count.Split(':')), count => Assert.True(
            chart.Objects.Count(one => one.Kind == count[0]) == int.Parse(count[1], null),
            $"{file} was to give {count[1]} {count[0]}, and gives {chart.Objects.Count(one => one.Kind == count[0])}"));
        Assert.Equal(
            chart.Objects.Count, chart.Objects.DistinctBy(one => (one.Kind, one.Metadata.NamespaceProperty, one.Metadata.Name)).Count());
    }

    [NeedsHelmTheory]
    [InlineData("--set=api.replica=3", "replica")]
    [InlineData("--set=sandboxs.mode=pod", "sandboxs")]
    [InlineData("--set=secrets.databse.name=x", "databse")]
    [InlineData("--set=secrets.database.password=x", "password")]
    [InlineData("--set=networkPolicy.enable=false", "enable")]
    [InlineData("--set=sandboxes.mode=docker", "mode")]
    [InlineData("--set=images.registry=", "registry")]
    [InlineData("--set=api.ingress.enabled=true", "hosts")]
    public async Task Value_ThatNobodyKnows_IsRefusedByItsName(string argument, string name)
    {
        var (code, output, error) = await Helm.RunAsync(
            ["template", RenderedChart.Release, .. RenderedChart.ArgumentsFor("least-values.yaml", argument)]);

        Assert.True(code != 0, $"values.schema.json was to refuse {argument}, and helm wrote: {output}");
        Assert.Contains(name, error, StringComparison.Ordinal);
    }

    [NeedsHelmTheory]
    [MemberData(nameof(Files))]
    public async Task Selectors_OfEverything_FindPodsThatAreThere(string file)
    {
        var chart = await RenderedChart.RenderAsync(file);

        Assert.All(chart.Deployments, deployment =>
        {
            var pods = deployment.Spec.Template;
            Assert.True(Selects(deployment.Spec.Selector.MatchLabels, pods), $"{deployment.Metadata.Name} does not select its own pods");
            Assert.All(pods.Spec.TopologySpreadConstraints, spread => Assert.True(
                Selects(spread.LabelSelector.MatchLabels, pods), $"{deployment.Metadata.Name} spreads other pods than its own"));
        });
        Assert.All(chart.Of<V1Service>(), service =>
            Assert.Single(chart.Deployments, deployment => Selects(service.Spec.Selector, deployment.Spec.Template)));
        Assert.All(chart.Of<V1PodDisruptionBudget>(), budget =>
            Assert.Single(chart.Deployments, deployment => Selects(budget.Spec.Selector.MatchLabels, deployment.Spec.Template)));
    }

    [NeedsHelmTheory]
    [MemberData(nameof(Files))]
    public async Task Ports_ReferredToByName_AreThoseOfTheContainer(string file)
    {
        var chart = await RenderedChart.RenderAsync(file);

        foreach (var service in chart.Of<V1Service>())
        {
            var target = chart.Deployments.Single(deployment => Selects(service.Spec.Selector, deployment.Spec.Template));
            Assert.All(service.Spec.Ports, port => Assert.Contains(port.TargetPort.Value, PortsOf(target)));
        }

        Assert.All(chart.Of<V1Ingress>().SelectMany(ingress => ingress.Spec.Rules).SelectMany(rule => rule.Http.Paths), path =>
        {
            var service = chart.Of<V1Service>().Single(one => one.Metadata.Name == path.Backend.Service.Name);
            Assert.Contains(path.Backend.Service.Port.Name, service.Spec.Ports.Select(port => port.Name));
        });
        Assert.All(chart.Deployments, deployment =>
        {
            var container = RenderedChart.ContainerOf(deployment);
            V1Probe[] probes = [container.StartupProbe, container.ReadinessProbe, container.LivenessProbe];
            Assert.All(probes, probe => Assert.Equal("internal", probe.HttpGet.Port.Value));
            Assert.Contains("internal", PortsOf(deployment));
        });
    }

    [NeedsHelmTheory]
    [InlineData(
        "least-values.yaml", "sandbox-stack/api-key-hash sandbox-stack/agent-secret sandbox-stack/cluster-secret sandbox-stack/database")]
    [InlineData("generated-values.yaml", "postgres-app/npgsql")]
    [InlineData(
        "full-values.yaml", "api-keys/first.sha256 postgres-app/npgsql redis-app/connection stack-secrets/agent stack-secrets/cluster")]
    public async Task References_ThatTheChartDoesNotMakeItself_AreThoseOfTheValues(string file, string expected)
    {
        var chart = await RenderedChart.RenderAsync(file);

        var made = chart.Of<V1Secret>().SelectMany(secret => secret.Data.Keys.Select(key => $"{secret.Metadata.Name}/{key}")).ToHashSet();
        var asked = chart.Deployments.SelectMany(deployment => RenderedChart.ContainerOf(deployment).Env)
            .Select(variable => variable.ValueFrom?.SecretKeyRef).OfType<V1SecretKeySelector>()
            .Select(key => $"{key.Name}/{key.Key}").ToHashSet();

        Assert.Equal(expected.Split(' ').Order(StringComparer.Ordinal), asked.Except(made).Order(StringComparer.Ordinal));
    }

    [NeedsHelmTheory]
    [MemberData(nameof(Files))]
    public async Task Volumes_Accounts_AndNamespaces_AreThere(string file)
    {
        var chart = await RenderedChart.RenderAsync(file);

        foreach (var deployment in chart.Deployments)
        {
            var pod = deployment.Spec.Template.Spec;
            var mounts = RenderedChart.ContainerOf(deployment).VolumeMounts;
            Assert.Equal(pod.Volumes.Select(volume => volume.Name).ToHashSet(), mounts.Select(mount => mount.Name).ToHashSet());
            Assert.Subset(NamesOf<V1ConfigMap>(chart), pod.Volumes.Select(volume => volume.ConfigMap?.Name).OfType<string>().ToHashSet());
            Assert.Subset(NamesOf<V1ServiceAccount>(chart), new[] { pod.ServiceAccountName }.OfType<string>().ToHashSet());
            Assert.True(
                pod.AutomountServiceAccountToken == (pod.ServiceAccountName is not null),
                $"{deployment.Metadata.Name}: only a program that speaks to the API server gets a token of an account");
        }

        var binding = chart.Of<V1RoleBinding>().Single();
        var role = chart.Of<V1Role>().Single();
        Assert.Equal(
            (role.Metadata.Name, "Role", role.Metadata.NamespaceProperty),
            (binding.RoleRef.Name, binding.RoleRef.Kind, binding.Metadata.NamespaceProperty));
        var subject = Assert.Single(binding.Subjects);
        var account = chart.Of<V1ServiceAccount>().Single();
        Assert.Equal((account.Metadata.Name, account.Metadata.NamespaceProperty), (subject.Name, subject.NamespaceProperty));
        Assert.All(
            chart.Objects.Where(one => one.Metadata.NamespaceProperty != RenderedChart.Namespace),
            one => Assert.True(
                one is V1Role or V1RoleBinding or V1NetworkPolicy or V1Namespace,
                $"{one.Kind} {one.Metadata.Name} is not in the release's namespace"));
    }

    [NeedsHelmTheory]
    [MemberData(nameof(Files))]
    public async Task Programs_RunUnprivilegedAndBounded(string file)
    {
        var chart = await RenderedChart.RenderAsync(file);

        Assert.All(chart.Deployments, deployment =>
        {
            var (pod, container) = (deployment.Spec.Template.Spec, RenderedChart.ContainerOf(deployment));
            Assert.True(
                pod.SecurityContext is { RunAsNonRoot: true, RunAsUser: > 0, SeccompProfile.Type: "RuntimeDefault" },
                $"{container.Name} is not to run as root");
            Assert.True(
                container.SecurityContext is { AllowPrivilegeEscalation: false, ReadOnlyRootFilesystem: true, Privileged: not true },
                $"{container.Name} may gain privileges or write into its image");
            Assert.Equal(["ALL"], container.SecurityContext.Capabilities.Drop);
            Assert.Null(container.SecurityContext.Capabilities.Add);
            Assert.True(
                pod is { HostNetwork: not true, HostPID: not true, HostIPC: not true },
                $"{container.Name} shares something of its machine");
            Assert.DoesNotContain(pod.Volumes, volume => volume.HostPath is not null);
            Assert.Equal(["cpu", "memory"], container.Resources.Requests.Keys.Order(StringComparer.Ordinal));
            Assert.Contains("memory", container.Resources.Limits.Keys);
            Assert.All(pod.Volumes.Where(volume => volume.EmptyDir is not null), volume => Assert.NotNull(volume.EmptyDir.SizeLimit));
        });
    }

    [NeedsHelmFact]
    public async Task Readiness_OfAReplicaThatStandsBy_IsThatItIsAlive()
    {
        var chart = await RenderedChart.RenderAsync("least-values.yaml");

        var paths = Programs.ToDictionary(
            program => program, program => RenderedChart.ContainerOf(chart.Component(program)).ReadinessProbe.HttpGet.Path);

        Assert.Equal(new Dictionary<string, string> { ["api"] = "/health", ["health"] = "/health", ["pods"] = "/alive" }, paths);
        Assert.Equal(2, chart.Component("pods").Spec.Replicas);
    }

    internal static bool Selects(IDictionary<string, string> selector, V1PodTemplateSpec template) =>
        selector.Count > 0 && selector.All(label => template.Metadata.Labels.TryGetValue(label.Key, out var value) && value == label.Value);

    private static IEnumerable<string> PortsOf(V1Deployment deployment) =>
        RenderedChart.ContainerOf(deployment).Ports.Select(port => port.Name);

    private static HashSet<string> NamesOf<T>(RenderedChart chart)
        where T : IKubernetesObject<V1ObjectMeta> => [.. chart.Of<T>().Select(one => one.Metadata.Name)];
}
