using k8s;
using k8s.Models;

namespace Sandbox.Kubernetes.Tests.Charts;

/// <summary>What helm makes of the chart for one file of values, read by the Kubernetes API's own types: a field that they do not have
/// is an error.</summary>
/// <param name="Text">As helm wrote it.</param>
internal sealed record RenderedChart(string Text, IReadOnlyList<IKubernetesObject<V1ObjectMeta>> Objects)
{
    public const string Release = "demo", Namespace = "stack";

    /// <summary>Files of values that lie in the chart for tests.</summary>
    public static TheoryData<string> Files =>
        [.. Directory.GetFiles(Path.Combine(Helm.ChartFolder, "ci")).Select(file => Path.GetFileName(file)!).Order(StringComparer.Ordinal)];

    public IEnumerable<V1Deployment> Deployments => Of<V1Deployment>();

    public static string[] ArgumentsFor(string file, params string[] more) =>
        [Helm.ChartFolder, "--namespace", Namespace, "--values", Path.Combine(Helm.ChartFolder, "ci", file), .. more];

    public static async Task<RenderedChart> RenderAsync(string file, params string[] more)
    {
        var (code, output, error) = await Helm.RunAsync(["template", Release, .. ArgumentsFor(file, more)]);
        Assert.True(code == 0, $"helm was to render the chart with {file}: {error}");
        var objects = KubernetesYaml.LoadAllFromString(output, strict: true).Cast<IKubernetesObject<V1ObjectMeta>>().ToList();
        return new RenderedChart(output, objects);
    }

    public IEnumerable<T> Of<T>() => Objects.OfType<T>();

    /// <summary>The program of this component: api, pods or health.</summary>
    public V1Deployment Component(string component) =>
        Deployments.Single(deployment => deployment.Metadata.Labels["app.kubernetes.io/component"] == component);

    public static V1Container ContainerOf(V1Deployment deployment) => Assert.Single(deployment.Spec.Template.Spec.Containers);
}
