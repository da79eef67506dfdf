using System.Xml.Linq;

namespace Sandbox.House.Tests;

/// <summary>The arrows of ARCHITECTURE.md, kept by a machine: a project references only those below it, and each
/// package of an outside thing is referenced only where it is meant to be.</summary>
public sealed class ArrowTests
{
    private static readonly Dictionary<string, string> Allowed = new()
    {
        ["Sandbox.Contracts"] = "",
        ["Sandbox.Domain"] = "Sandbox.Contracts",
        ["Sandbox.Rollout"] = "Sandbox.Contracts",
        // Integrations refer to it, so that it can be had without any.
        ["Sandbox.Serving"] = "",
        ["Sandbox.Serving.Cml"] = "Sandbox.Serving",
        ["Sandbox.Serving.Llama"] = "Sandbox.Serving",
        ["Sandbox.Storage"] = "Sandbox.Contracts Sandbox.Domain Sandbox.Rollout",
        ["Sandbox.Cluster"] = "Sandbox.Contracts",
        ["Sandbox.Node"] = "Sandbox.Contracts Sandbox.Domain Sandbox.Storage Sandbox.Cluster",
        ["Sandbox.Deployments"] = "Sandbox.Contracts Sandbox.Domain Sandbox.Storage Sandbox.Node",
        ["Sandbox.Agent"] = "Sandbox.Contracts",
        ["Sandbox.Client"] = "Sandbox.Contracts",
        ["Sandbox.ClusterFile"] = "Sandbox.Contracts",
        ["ServiceDefaults"] = "",
        ["Sandbox.Hosting"] = "Sandbox.Storage Sandbox.ClusterFile ServiceDefaults",
        ["Sandbox.Api"] =
            "Sandbox.Contracts Sandbox.Domain Sandbox.Rollout Sandbox.Serving Sandbox.Serving.Cml Sandbox.Storage "
            + "Sandbox.Cluster Sandbox.Hosting",
        ["Sandbox.Worker"] =
            "Sandbox.Contracts Sandbox.Domain Sandbox.Storage Sandbox.Cluster Sandbox.Node Sandbox.Deployments Sandbox.Hosting",
        ["Health.Service"] = "Sandbox.Contracts Sandbox.Domain Sandbox.Storage Sandbox.Cluster Sandbox.Hosting",
        ["Sandbox.Kubernetes"] = "Sandbox.Contracts Sandbox.Domain Sandbox.Storage Sandbox.Cluster Sandbox.Node Sandbox.Hosting",
        ["Sandbox.Standalone"] =
            "Sandbox.Contracts Sandbox.Domain Sandbox.Storage Sandbox.Api Sandbox.Node Sandbox.Deployments ServiceDefaults",
        ["Sandbox.Cli"] = "Sandbox.Contracts Sandbox.Client Sandbox.Rollout Sandbox.Serving.Cml Sandbox.Standalone Sandbox.ClusterFile",
        // The first three as resources: no code of theirs is referred to.
        ["AppHost"] = "Health.Service Sandbox.Api Sandbox.Worker Sandbox.ClusterFile Sandbox.Client",
    };

    public static TheoryData<string> Projects() => [.. Repository.Projects.Keys];

    [Theory]
    [MemberData(nameof(Projects))]
    public void Project_References_OnlyTheProjectsBelowIt(string project)
    {
        Assert.True(Allowed.TryGetValue(project, out var allowed), $"{project} has no row here: say which projects it may know");

        var references = Items(project, "ProjectReference").Select(Path.GetFileNameWithoutExtension);

        Assert.Empty(references.Except(allowed.Split(' ')));
    }

    [Theory]
    [InlineData("Docker.", "Sandbox.Deployments")]
    [InlineData("KubernetesClient", "Sandbox.Kubernetes")]
    [InlineData("LLamaSharp", "Sandbox.Serving.Llama")]
    [InlineData("Microsoft.Data.Sqlite", "Sandbox.Storage")]
    [InlineData("Minio", "Sandbox.Storage")]
    [InlineData("Aspire.", "AppHost Sandbox.Hosting")]
    [InlineData("Npgsql", "Sandbox.Storage")]
    [InlineData("OpenTelemetry.", "ServiceDefaults")]
    [InlineData("prometheus-net", "ServiceDefaults")]
    [InlineData("StackExchange.Redis", "Sandbox.Storage")]
    [InlineData("YamlDotNet", "Sandbox.ClusterFile Sandbox.Serving.Cml")]
    [InlineData("Yarp.", "Sandbox.Api Sandbox.Cluster Sandbox.Node Sandbox.Worker")]
    public void Package_OfAnOutsideThing_IsReferencedByItsDoorsOnly(string package, string allowed)
    {
        var users = Repository.Projects.Keys
            .Where(project => Items(project, "PackageReference").Any(name => name.StartsWith(package, StringComparison.Ordinal)));

        Assert.Empty(users.Except(allowed.Split(' ')));
    }

    /// <summary>The reverse of what an integration does.</summary>
    [Fact]
    [Trait("Row", "50")]
    public void Serving_Library_RefersToNoIntegration() =>
        Assert.Empty(Items("Sandbox.Serving", "ProjectReference").Concat(Items("Sandbox.Serving", "PackageReference")));

    [Fact]
    public void Contracts_Projects_ReferenceNoPackage() =>
        Assert.Empty(Items("Sandbox.Contracts", "PackageReference").Concat(Items("Sandbox.Domain", "PackageReference")));

    private static IEnumerable<string> Items(string project, string kind) =>
        XDocument.Load(Repository.Projects[project]).Descendants(kind).Select(item => item.Attribute("Include")!.Value);
}
