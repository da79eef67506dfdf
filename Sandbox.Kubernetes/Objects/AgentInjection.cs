using System.Globalization;
using System.Text.Json.Nodes;
using Sandbox.Contracts.Agent;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Policies;
using Sandbox.Domain.Specs;

namespace Sandbox.Kubernetes.Objects;

/// <summary>
/// Puts the agent into a rendered pod: an init container copies it to an empty folder, and the main container (the one named
/// <c>main</c>, else the first) runs it as its only program, unprivileged. It dials its owner with the token of a secret.
/// </summary>
internal static class AgentInjection
{
    public const string TokenKey = "token";
    private const string AgentVolume = "sandbox-agent";
    private const string TokenVolume = "sandbox-token";
    private const string TokenFolder = "/.sandbox/token";

    public static void Apply(JsonObject podSpec, SandboxInstance sandbox, KubernetesOptions options, string secret, bool pullSecret)
    {
        podSpec["automountServiceAccountToken"] = false;
        podSpec["enableServiceLinks"] = false;

        // A pod that ends stays ended: its files are gone, so a new life would be another sandbox.
        podSpec["restartPolicy"] = "Never";
        if (pullSecret)
        {
            List(podSpec, "imagePullSecrets").Add(new JsonObject { ["name"] = secret });
        }

        List(podSpec, "volumes").Add(new JsonObject { ["name"] = AgentVolume, ["emptyDir"] = new JsonObject() });
        List(podSpec, "volumes").Add(new JsonObject
        {
            ["name"] = TokenVolume,
            ["secret"] = new JsonObject
            {
                ["secretName"] = secret,
                ["defaultMode"] = 0x100,
                ["items"] = new JsonArray(new JsonObject { ["key"] = TokenKey, ["path"] = TokenKey }),
            },
        });
        List(podSpec, "initContainers").Insert(0, Copy(options));
        foreach (var container in List(podSpec, "containers").OfType<JsonObject>())
        {
            MergeEnv(container, sandbox.Spec.Env);
        }

        RunAgent(MainContainer(podSpec), sandbox, options);
    }

    public static JsonObject MainContainer(JsonObject podSpec)
    {
        var containers = podSpec["containers"]!.AsArray().OfType<JsonObject>().ToList();
        return containers.Find(container => container["name"]?.GetValue<string>() == "main") ?? containers[0];
    }

    private static JsonObject Copy(KubernetesOptions options) => new()
    {
        ["name"] = AgentVolume,
        ["image"] = options.AgentImage,
        ["command"] = Texts(options.AgentCopy),
        ["securityContext"] = Confined([]),
        ["volumeMounts"] = new JsonArray(Mount(AgentVolume, AgentRoutes.BinaryFolderInSandbox, readOnly: false)),
        ["resources"] = new JsonObject
        {
            ["requests"] = new JsonObject { ["cpu"] = "10m", ["memory"] = "32Mi" },
            ["limits"] = new JsonObject { ["cpu"] = "1", ["memory"] = "64Mi" },
        },
    };

    private static void RunAgent(JsonObject main, SandboxInstance sandbox, KubernetesOptions options)
    {
        var spec = sandbox.Spec;
        main.Remove("args");
        main["command"] = Texts(
        [
            $"{AgentRoutes.BinaryFolderInSandbox}/{AgentRoutes.BinaryName}", "--dial", $"tcp:{options.OwnerAddress}",
            "--token-file", $"{TokenFolder}/{TokenKey}",
            "--grace", Math.Ceiling(spec.AgentGrace.TotalSeconds).ToString(CultureInfo.InvariantCulture),
        ]);
        main["imagePullPolicy"] = spec.Pull switch { PullPolicy.Always => "Always", PullPolicy.Never => "Never", _ => "IfNotPresent" };
        main["securityContext"] = spec.Privileged
            ? new JsonObject { ["privileged"] = true, ["runAsUser"] = 0, ["runAsGroup"] = 0 }
            : Confined(UnprivilegedDefault.Capabilities, spec.AllowPrivilegeGain);
        List(main, "volumeMounts").Add(Mount(AgentVolume, AgentRoutes.BinaryFolderInSandbox, readOnly: true));
        List(main, "volumeMounts").Add(Mount(TokenVolume, TokenFolder, readOnly: true));

        // Limits are never left to a template's author alone.
        var limits = Child(Child(main, "resources"), "limits");
        limits["memory"] ??= Quantity.Of(spec.MemoryBytes);
        limits["cpu"] ??= (spec.LimitCpus ?? spec.Cpus).ToString("0.######", CultureInfo.InvariantCulture);
    }

    /// <summary>Root inside, with little that root may do.</summary>
    private static JsonObject Confined(IReadOnlyList<string> capabilities, bool privilegeGain = false) => new()
    {
        ["runAsUser"] = 0,
        ["runAsGroup"] = 0,
        ["privileged"] = false,
        ["allowPrivilegeEscalation"] = privilegeGain,
        ["capabilities"] = new JsonObject { ["drop"] = new JsonArray("ALL"), ["add"] = Texts(capabilities) },
        ["seccompProfile"] = new JsonObject { ["type"] = "RuntimeDefault" },
    };

    private static void MergeEnv(JsonObject container, IReadOnlyDictionary<string, string> env)
    {
        var list = List(container, "env");
        foreach (var (name, value) in env)
        {
            var known = list.OfType<JsonObject>().FirstOrDefault(entry => entry["name"]?.GetValue<string>() == name);
            if (known is not null)
            {
                list.Remove(known);
            }

            // "$(" would refer to another variable; doubled it is what it is.
            list.Add(new JsonObject { ["name"] = name, ["value"] = value.Replace("$(", "$$(", StringComparison.Ordinal) });
        }
    }

    private static JsonObject Mount(string volume, string path, bool readOnly) =>
        new() { ["name"] = volume, ["mountPath"] = path, ["readOnly"] = readOnly };

    private static JsonArray Texts(IEnumerable<string> texts) => new([.. texts.Select(text => (JsonNode)text)]);

    private static JsonArray List(JsonObject parent, string name)
    {
        if (parent[name] is not JsonArray list)
        {
            parent[name] = list = [];
        }

        return list;
    }

    private static JsonObject Child(JsonObject parent, string name)
    {
        if (parent[name] is not JsonObject child)
        {
            parent[name] = child = [];
        }

        return child;
    }
}
