using System.Globalization;
using System.Net;
using k8s.Models;

namespace Sandbox.Kubernetes.Tests.Charts;

/// <summary>Which program reaches which, by the rendered network policies.</summary>
public sealed class ChartNetworkTests
{
    private const string Sandboxes = "sandboxes";

    private static readonly string[] Programs = ["api", "health", "pods"];

    [NeedsHelmTheory]
    [InlineData("least-values.yaml", "elsewhere", "api http")]
    [InlineData("least-values.yaml", "monitoring", "api http")]
    [InlineData("least-values.yaml", "sandbox", "api http, pods agents")]
    [InlineData("least-values.yaml", "api", "api http, pods node")]
    [InlineData("least-values.yaml", "pods", "api http, pods node")]
    [InlineData("least-values.yaml", "health", "api http")]
    [InlineData("full-values.yaml", "elsewhere", "")]
    [InlineData("full-values.yaml", "ingress-nginx", "api http")]
    [InlineData("full-values.yaml", "monitoring", "api internal, health internal, pods internal")]
    [InlineData("full-values.yaml", "sandbox", "pods agents")]
    [InlineData("full-values.yaml", "stranger in the sandboxes' namespace", "")]
    [InlineData("full-values.yaml", "machine", "health http")]
    [InlineData("full-values.yaml", "api", "pods node")]
    [InlineData("full-values.yaml", "pods", "pods node")]
    public async Task Ports_ThatSomebodyReaches_AreThoseOfHisWork(string file, string who, string expected)
    {
        var chart = await RenderedChart.RenderAsync(file);
        var (rules, from) = (new NetworkRules(chart.Of<V1NetworkPolicy>()), Pod(chart, who));

        var reached = Programs.Append("sandbox").SelectMany(target =>
        {
            var to = Pod(chart, target);
            return to.Ports.Where(port => rules.Admits(from, to, port.Value)).Select(port => $"{target} {port.Key}");
        });

        Assert.Equal(expected, string.Join(", ", reached.Order(StringComparer.Ordinal)));
    }

    [NeedsHelmTheory]
    [InlineData("least-values.yaml", "93.184.216.34", 443, true)]
    [InlineData("least-values.yaml", "2001:db8::1", 443, true)]
    [InlineData("least-values.yaml", "10.96.0.10", 53, true)]
    [InlineData("least-values.yaml", "10.0.0.7", 5432, false)]
    [InlineData("least-values.yaml", "192.168.1.1", 80, false)]
    [InlineData("least-values.yaml", "169.254.169.254", 80, false)]
    [InlineData("least-values.yaml", "fd00::1", 80, false)]
    [InlineData("full-values.yaml", "203.0.113.9", 443, true)]
    [InlineData("full-values.yaml", "93.184.216.34", 443, false)]
    public async Task Sandbox_CallingAnAddress_GetsWhereTheValuesSay(string file, string address, int port, bool expected)
    {
        var chart = await RenderedChart.RenderAsync(file);
        var elsewhere = NetworkPod.Without("elsewhere", IPAddress.Parse(address));

        var isLetOut = new NetworkRules(chart.Of<V1NetworkPolicy>()).LetsOut(Pod(chart, "sandbox"), elsewhere, port);

        var wanted = expected ? "was to reach" : "was not to reach";
        Assert.True(isLetOut == expected, string.Create(CultureInfo.InvariantCulture, $"a sandbox {wanted} {address}:{port}"));
    }

    [NeedsHelmTheory]
    [InlineData("least-values.yaml")]
    [InlineData("full-values.yaml")]
    public async Task Agent_OfASandbox_ReachesItsOwnerAndNothingElseOfTheStack(string file)
    {
        var chart = await RenderedChart.RenderAsync(file);
        var (rules, sandbox) = (new NetworkRules(chart.Of<V1NetworkPolicy>()), Pod(chart, "sandbox"));

        var reached = Programs.SelectMany(target =>
        {
            var to = Pod(chart, target);
            return to.Ports.Where(port => rules.LetsOut(sandbox, to, port.Value) && rules.Admits(sandbox, to, port.Value))
                .Select(port => $"{target} {port.Key}");
        });

        Assert.Equal(["pods agents"], reached);
    }

    [NeedsHelmFact]
    public async Task Selector_OfTheSandboxes_IsTheLabelThatTheyCarry()
    {
        var chart = await RenderedChart.RenderAsync("full-values.yaml");
        var program = SettingsOfPods(chart);

        var policy = chart.Of<V1NetworkPolicy>().Single(one => one.Metadata.Name.EndsWith("-sandboxes", StringComparison.Ordinal));

        Assert.Equal([new(Kubernetes.Objects.ObjectLabels.Cluster, program["Cluster__Id"]!)], policy.Spec.PodSelector.MatchLabels);
        Assert.Equal(program["Kubernetes__Namespace"], policy.Metadata.NamespaceProperty);
    }

    private static NetworkPod Pod(RenderedChart chart, string who)
    {
        var inside = IPAddress.Parse("10.244.1.7");
        var program = SettingsOfPods(chart);
        var space = program["Kubernetes__Namespace"]!;
        return who switch
        {
            "api" or "health" or "pods" => new NetworkPod(
                RenderedChart.Namespace, chart.Component(who).Spec.Template.Metadata.Labels, inside,
                RenderedChart.ContainerOf(chart.Component(who)).Ports.ToDictionary(port => port.Name, port => port.ContainerPort)),
            "sandbox" => new NetworkPod(
                space, new Dictionary<string, string> { ["sandbox.aspire/cluster"] = program["Cluster__Id"]! }, inside,
                new Dictionary<string, int> { ["agent"] = 8000 }),
            "stranger in the sandboxes' namespace" => NetworkPod.Without(Sandboxes, inside),
            "machine" => NetworkPod.Without("-", IPAddress.Parse("192.0.2.9")),
            _ => NetworkPod.Without(who, inside),
        };
    }

    private static Dictionary<string, string?> SettingsOfPods(RenderedChart chart) =>
        RenderedChart.ContainerOf(chart.Component("pods")).Env.ToDictionary(variable => variable.Name, variable => (string?)variable.Value);
}
