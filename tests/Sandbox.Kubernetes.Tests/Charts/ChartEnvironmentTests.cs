using System.Reflection;
using k8s.Models;

namespace Sandbox.Kubernetes.Tests.Charts;

/// <summary>Every variable that the chart sets is a setting of the program that gets it.</summary>
public sealed class ChartEnvironmentTests
{
    public static TheoryData<string> Files => RenderedChart.Files;

    [NeedsHelmTheory]
    [MemberData(nameof(Files))]
    public async Task Variables_OfEachProgram_AreSettingsThatItHas(string file)
    {
        var chart = await RenderedChart.RenderAsync(file);

        Assert.All(chart.Deployments, deployment =>
        {
            var container = RenderedChart.ContainerOf(deployment);
            var variables = container.Env.Where(variable => !IsForOthersOnly(variable, container)).ToList();
            var unknown = variables.Select(variable => (variable.Name, Why: KnownSettings.WhyUnknown(ProgramOf(container), variable.Name)))
                .Where(one => one.Why is not null);
            Assert.Empty(unknown.Select(one => $"{container.Name}: {one.Name}: {one.Why}"));
            Assert.Equal(container.Env.Count, container.Env.DistinctBy(variable => variable.Name).Count());
        });
    }

    [Theory]
    [InlineData("api", "Worker__NodeName")]
    [InlineData("pods", "Worker__NodName")]
    [InlineData("pods", "Kubernetes__Rules__first__Template")]
    [InlineData("pods", "Kubernetes__Rules__0__Templates")]
    [InlineData("health", "ConnectionStrings__sandboxes")]
    [InlineData("health", "HEAD_WHITELISTS")]
    public void Variable_ThatIsNoSetting_IsNoticed(string program, string variable) =>
        Assert.NotNull(KnownSettings.WhyUnknown(ProgramOf(new V1Container { Name = program }), variable));

    /// <summary>A variable that only stands for a part of another's value.</summary>
    private static bool IsForOthersOnly(V1EnvVar variable, V1Container container) =>
        container.Env.Any(other => other.Value?.Contains($"$({variable.Name})", StringComparison.Ordinal) is true);

    private static Assembly ProgramOf(V1Container container) => container.Name switch
    {
        "api" => typeof(Api.ApiOptions).Assembly,
        "pods" => typeof(KubernetesOptions).Assembly,
        "health" => typeof(Health.Service.HealthOptions).Assembly,
        _ => throw new ArgumentException(container.Name, nameof(container)),
    };
}
