using System.Text;
using System.Text.RegularExpressions;
using k8s.Models;

namespace Sandbox.Kubernetes.Tests.Charts;

/// <summary>What a container's program finds in its environment: the rules of the kubelet. A written value has its <c>$(NAME)</c>
/// replaced by the variables before it, with <c>$$</c> for one dollar sign; one that comes from elsewhere arrives as it is.</summary>
internal static partial class ContainerEnvironment
{
    public static Dictionary<string, string> Of(V1Container container, IReadOnlyDictionary<string, V1Secret> secrets, string podAddress)
    {
        var variables = new Dictionary<string, string>();
        foreach (var variable in container.Env)
        {
            variables[variable.Name] = variable.ValueFrom switch
            {
                null => Expanded(variable.Value, variables),
                { SecretKeyRef: { } key } => Encoding.UTF8.GetString(secrets[key.Name].Data[key.Key]),
                { FieldRef.FieldPath: "status.podIP" } => podAddress,
                _ => throw new NotSupportedException($"{variable.Name} comes from where this does not look."),
            };
        }

        return variables;
    }

    private static string Expanded(string value, Dictionary<string, string> before) => Reference().Replace(
        value ?? "",
        match => match.Value == "$$" ? "$" : before.TryGetValue(match.Groups[1].Value, out var known) ? known : match.Value);

    [GeneratedRegex(@"\$\$|\$\(([-._a-zA-Z][-._a-zA-Z0-9]*)\)")]
    private static partial Regex Reference();
}
