using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Text.RegularExpressions;

namespace Sandbox.Kubernetes.Tests.Charts;

/// <summary>The calls of the API server that stand in the compiled program, as a Role names them: read from the methods of the client
/// that its assembly refers to, so that none is overlooked.</summary>
internal static partial class ApiServerCalls
{
    private static readonly Dictionary<string, string> Verbs = new()
    {
        ["Create"] = "create",
        ["Read"] = "get",
        ["Get"] = "get",
        ["List"] = "list",
        ["WatchList"] = "watch",
        ["Replace"] = "update",
        ["Patch"] = "patch",
        ["Delete"] = "delete",
    };

    private static readonly Dictionary<string, string> Resources = new()
    {
        ["Pod"] = "pods",
        ["PodLog"] = "pods/log",
        ["Secret"] = "secrets",
        ["CustomObject"] = "batchsandboxes",
    };

    /// <summary>Pairs <c>resource verb</c>.</summary>
    public static SortedSet<string> In(string assembly)
    {
        using var file = File.OpenRead(assembly);
        using var image = new PEReader(file);
        var metadata = image.GetMetadataReader();
        var calls = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var handle in metadata.MemberReferences)
        {
            var member = metadata.GetMemberReference(handle);
            if (IsOfTheClient(metadata, member))
            {
                var name = metadata.GetString(member.Name);
                var parts = Call().Match(name);
                Assert.True(
                    Verbs.ContainsKey(parts.Groups[1].Value) && Resources.ContainsKey(parts.Groups[2].Value),
                    $"{name} calls the API server and this test does not know it: name it here, and allow it in templates/rights.yaml");
                calls.Add($"{Resources[parts.Groups[2].Value]} {Verbs[parts.Groups[1].Value]}");
            }
        }

        return calls;
    }

    private static bool IsOfTheClient(MetadataReader metadata, MemberReference member)
    {
        if (member.Parent.Kind is not HandleKind.TypeReference)
        {
            return false;
        }

        var type = metadata.GetTypeReference((TypeReferenceHandle)member.Parent);
        return metadata.GetString(type.Namespace) == "k8s"
            && metadata.GetString(type.Name).Contains("Operations", StringComparison.Ordinal);
    }

    [GeneratedRegex("^([A-Z][A-Za-z]*?)Namespaced([A-Z][A-Za-z]*?)(?:WithHttpMessages)?Async$")]
    private static partial Regex Call();
}
