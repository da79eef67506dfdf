using k8s.Models;

namespace Sandbox.Kubernetes.Tests.Charts;

/// <summary>The account of the program that runs pods may do what the program does, and nothing else.</summary>
public sealed class ChartPermissionTests
{
    private static string Program => typeof(KubernetesOptions).Assembly.Location;

    [NeedsHelmTheory]
    [InlineData("least-values.yaml", "pods pods/log secrets")]
    [InlineData("full-values.yaml", "batchsandboxes pods pods/log secrets")]
    public async Task Role_OfTheAccount_IsWhatTheProgramCalls(string file, string resources)
    {
        var chart = await RenderedChart.RenderAsync(file);

        var called = ApiServerCalls.In(Program).Where(call => resources.Split(' ').Contains(call.Split(' ')[0])).ToList();
        var allowed = chart.Of<V1Role>().Single().Rules
            .SelectMany(rule => rule.Resources.SelectMany(resource => rule.Verbs.Select(verb => $"{resource} {verb}")));

        Assert.NotEmpty(called);
        Assert.Equal(called.Order(StringComparer.Ordinal), allowed.Order(StringComparer.Ordinal));
    }

    /// <summary>The account may read every secret where it makes pods.</summary>
    [NeedsHelmFact]
    public async Task Sandboxes_WithoutANamespaceOfTheValues_GetOneOfTheirOwn()
    {
        var chart = await RenderedChart.RenderAsync("least-values.yaml");

        var made = Assert.Single(chart.Of<V1Namespace>());
        Assert.Equal("stack-demo-sandboxes", made.Metadata.Name);
        Assert.Equal("baseline", made.Metadata.Labels["pod-security.kubernetes.io/enforce"]);
        Assert.Equal("keep", made.Metadata.Annotations["helm.sh/resource-policy"]);
        Assert.Equal(made.Metadata.Name, Assert.Single(chart.Of<V1Role>()).Metadata.NamespaceProperty);
        Assert.Equal(made.Metadata.Name, RenderedChart.ContainerOf(chart.Component("pods")).Env
            .Single(variable => variable.Name == "Kubernetes__Namespace").Value);
        Assert.Empty((await RenderedChart.RenderAsync("full-values.yaml")).Of<V1Namespace>());
    }

    [NeedsHelmFact]
    public async Task Rights_OfTheRelease_ReachNoFurtherThanTheSandboxesNamespace()
    {
        var chart = await RenderedChart.RenderAsync("full-values.yaml");

        Assert.DoesNotContain(chart.Objects, one => one is V1ClusterRole or V1ClusterRoleBinding);
        Assert.Equal("sandboxes", Assert.Single(chart.Of<V1Role>()).Metadata.NamespaceProperty);
        var rules = chart.Of<V1Role>().Single().Rules;
        Assert.All(rules, rule => Assert.DoesNotContain("*", rule.Resources.Concat(rule.Verbs).Concat(rule.ApiGroups)));
        Assert.Equal(
            [("", "pods"), ("", "pods/log"), ("", "secrets"), ("sandbox.opensandbox.io", "batchsandboxes")],
            rules.Select(rule => (rule.ApiGroups.Single(), rule.Resources.Single())));
    }
}
