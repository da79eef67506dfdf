using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;

namespace Sandbox.Kubernetes.Tests.Running;

/// <summary>Runs the main container of each pod as a process of this machine: the agent, with the pod's own command and the token of its
/// secret. With a controller for batch sandboxes, which makes their pods.</summary>
internal sealed class Kubelet : IDisposable
{
    private readonly FakeCluster _cluster;
    private readonly string _folder;
    private readonly ConcurrentDictionary<string, Process> _processes = new();

    public Kubelet(FakeCluster cluster, string folder)
    {
        (_cluster, _folder) = (cluster, folder);
        cluster.Made += OnMade;
        cluster.Removed += OnRemoved;
    }

    /// <summary>Runs a pod that was made before this kubelet came.</summary>
    public void Run(JsonObject pod)
    {
        var name = pod["metadata"]!["name"]!.GetValue<string>();
        var main = pod["spec"]!["containers"]!.AsArray().Single(container => container!["name"]!.GetValue<string>() == "main")!;
        var secretName = pod["spec"]!["volumes"]!.AsArray().Select(volume => volume!["secret"]?["secretName"]?.GetValue<string>())
            .Single(found => found is not null);
        var secret = _cluster.All("secrets").Single(found => found["metadata"]!["name"]!.GetValue<string>() == secretName);
        var tokenFile = Path.Combine(_folder, name + ".token");
        File.WriteAllText(tokenFile, Encoding.UTF8.GetString(Convert.FromBase64String(secret["data"]!["token"]!.GetValue<string>())));

        var start = new ProcessStartInfo("dotnet") { UseShellExecute = false, RedirectStandardError = false };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "sandbox-agent.dll"));
        foreach (var argument in main["command"]!.AsArray().Skip(1).Select(part => part!.GetValue<string>()))
        {
            start.ArgumentList.Add(argument == "/.sandbox/token/token" ? tokenFile : argument);
        }

        _processes[name] = Process.Start(start)!;
        _cluster.Change("pods", name, running => running["status"] = new JsonObject { ["phase"] = "Running" });
    }

    /// <summary>Ends a pod's process, as its container's end.</summary>
    public void Kill(string pod) => End(pod);

    public static JsonObject PodOf(JsonObject batch) => new()
    {
        ["apiVersion"] = "v1",
        ["kind"] = "Pod",
        ["metadata"] = Named(
            batch["spec"]!["template"]!["metadata"]!.DeepClone().AsObject(), batch["metadata"]!["name"]!.GetValue<string>() + "-0"),
        ["spec"] = batch["spec"]!["template"]!["spec"]!.DeepClone(),
        ["status"] = new JsonObject { ["phase"] = "Pending" },
    };

    public void Dispose()
    {
        _cluster.Made -= OnMade;
        _cluster.Removed -= OnRemoved;
        foreach (var pod in _processes.Keys)
        {
            End(pod);
        }
    }

    private static JsonObject Named(JsonObject metadata, string name)
    {
        metadata["name"] = name;
        return metadata;
    }

    private void OnMade(string resource, JsonObject made)
    {
        if (resource == FakeCluster.Batches && made["spec"]!["template"] is not null)
        {
            _cluster.Put("pods", PodOf(made));
        }
        else if (resource == "pods")
        {
            Run(made);
        }
    }

    private void OnRemoved(string resource, JsonObject removed)
    {
        var name = removed["metadata"]!["name"]!.GetValue<string>();
        if (resource == FakeCluster.Batches)
        {
            _cluster.Remove("pods", name + "-0");
        }
        else if (resource == "pods")
        {
            End(name);
        }
    }

    private void End(string pod)
    {
        if (_processes.TryRemove(pod, out var process))
        {
            using (process)
            {
                process.Kill();
                process.WaitForExit();
            }
        }
    }
}
