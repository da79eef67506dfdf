using Sandbox.Testing;
using Sandbox.Testing.Clusters;
using Sandbox.Testing.Postgres;

namespace Sandbox.Kubernetes.Tests.Running;

/// <summary>The program that runs pods as part of a cluster: an API and a worker of local sandboxes beside it, all of them real
/// processes over one Postgres, and a fake API server whose pods run the real agent.</summary>
public sealed class ProcessTests : IAsyncDisposable
{
    private static readonly (string Field, object? Value)[] AsPod = [("network", "bridge")];

    private readonly TempFolder _folder = new();
    private FakeCluster? _fake;
    private Kubelet? _kubelet;
    private ProcessCluster? _processes;

    private FakeCluster Pods => _fake!;

    private RockCaller Caller => _processes!.Callers[0];

    public async ValueTask DisposeAsync()
    {
        await (_processes?.DisposeAsync() ?? ValueTask.CompletedTask);
        _kubelet?.Dispose();
        await (_fake?.DisposeAsync() ?? ValueTask.CompletedTask);
        _folder.Dispose();
    }

    [NeedsPostgresFact]
    public async Task Sandbox_OfACluster_LivesAsAPod_BesideAWorkerThatRunsNone()
    {
        await StartAsync();
        await using var head = MakeHead("k1");
        await ProcessCluster.StartWorkerAsync(head);

        await UntilChosenAsync("pod");
        Assert.Equal("in a pod\n", await Caller.ExecuteAsync("pod", "echo in a pod"));
        var status = await Caller.StatusAsync("pod");
        Assert.Equal("pods", status.GetProperty("host_name").GetString());
        Assert.Equal(
            "the image is there, in a pod of template default",
            status.GetProperty("status").GetProperty("image_pull").GetProperty("message").GetString());
        Assert.Contains("network none", (await Caller.StartAsync("dark")).ToString(), StringComparison.Ordinal);

        await Caller.MustPostAsync("stop", new { sandbox_id = "pod" });
        await Wait.UntilAsync(
            () => Task.FromResult(Pods.All("pods") is []), () => $"a stopped sandbox leaves no pod; there are {Pods.All("pods").Count}");
        Assert.Contains(
            "cannot be started again", (await Caller.PostAsync("restart", new { sandbox_id = "pod" })).ToString(),
            StringComparison.Ordinal);
        Assert.Contains(
            "a pod's files end with it", (await Caller.PostAsync("sandboxes/pod/archive", new { })).ToString(), StringComparison.Ordinal);
    }

    [NeedsPostgresFact]
    public async Task Replica_OfTheHeadOfThePods_StandsByAndTakesOverItsPods()
    {
        await StartAsync();
        await using var first = MakeHead("k1");
        await ProcessCluster.StartWorkerAsync(first);
        await UntilChosenAsync("before");
        await using var second = MakeHead("k2");
        second.Start();
        await second.SaysAsync("The name pods is still held");
        Assert.DoesNotContain("Node pods is part of the cluster", second.Log, StringComparison.Ordinal);

        await first.KillAsync();
        await second.SaysAsync("Node pods is part of the cluster");

        await UntilChosenAsync("after", pods: 2);
        await Caller.MustPostAsync("stop", new { sandbox_id = "before" });
        await Wait.UntilAsync(
            () => Task.FromResult(Pods.All("pods").Count == 1), () => "the pod of the head before is ended by the one that took over");
    }

    [NeedsPostgresFact]
    public async Task Duties_OfAClusterOfPodsAlone_AreDoneByAReplicaThatIsTheHead()
    {
        await StartAsync(workers: 0);
        await using var first = MakeHead("k1");
        await ProcessCluster.StartWorkerAsync(first);
        await using var second = MakeHead("k2");
        second.Start();
        await first.SaysAsync("This process is the head of the cluster");
        await UntilChosenAsync("brief", more: ("auto_delete_seconds", 1));

        await Caller.MustPostAsync("stop", new { sandbox_id = "brief" });

        await first.SaysAsync("The deadline of sandbox brief has passed: Stopped to Deleted");
    }

    [NeedsPostgresFact]
    public async Task Program_WhoseSecretTheOthersDoNotAccept_EndsWithThatReason()
    {
        await StartAsync();
        await using var stranger = MakeHead("k1", ("Cluster__Secret", "another secret, and also a long one"));

        stranger.Start();
        var exitCode = await stranger.ExitAsync();

        Assert.True(exitCode == 1, $"a program that cannot run was to end with 1, and ended with {exitCode}: {stranger.Log}");
        Assert.Matches(
            "Sandbox.Kubernetes does not run. Cluster:Secret: node w1, which is part of this cluster, does not accept it", stranger.Log);
    }

    [Fact]
    public async Task Program_WithATemplateThatCannotBeRead_EndsWithThatReason()
    {
        await File.WriteAllTextAsync(_folder.File("broken.yaml"), "ports: [");
        await using var broken = ProcessCluster.MakeAlone("Sandbox.Kubernetes", _folder, new Dictionary<string, string>
        {
            ["ConnectionStrings__sandbox"] = KubeHost.NoDatabase,
            ["ConnectionStrings__redis"] = "",
            ["Cluster__Id"] = "none",
            ["Cluster__Secret"] = "a secret of the tests that is long enough",
            ["Worker__DataFolder"] = _folder.Path,
            ["Kubernetes__AgentImage"] = "registry.example/agent:1",
            ["Kubernetes__OwnerAddress"] = "owner:7070",
            ["Kubernetes__TemplateFolder"] = _folder.Path,
        });

        broken.Start();
        var exitCode = await broken.ExitAsync();

        Assert.True(exitCode == 1, $"a program that cannot run was to end with 1, and ended with {exitCode}: {broken.Log}");
        Assert.Matches("Sandbox.Kubernetes does not run. Template 'broken' is not YAML", broken.Log);
        Assert.DoesNotContain("Unhandled exception", broken.Log, StringComparison.Ordinal);
    }

    private async Task StartAsync(int workers = 1)
    {
        _fake = await FakeCluster.StartAsync();
        _kubelet = new Kubelet(_fake, _folder.Path);
        _processes = await ProcessCluster.StartAsync(new ClusterSetup { Apis = 1, Workers = workers, Deployment = "local" });
    }

    private ClusterProcess MakeHead(string process, params (string Key, string Value)[] more)
    {
        var (data, port) = (_folder.File(process), ReservedPorts.Next());
        Directory.CreateDirectory(data);
        return _processes!.Make(process, "Sandbox.Kubernetes", [
            ("Worker__NodeName", "pods"), ("Worker__DataFolder", data), ("Worker__AgentListen", $"127.0.0.1:{port}"),
            ("Worker__AgentSecret", "a secret of the tests that is long enough"), ("Kubernetes__Server", Pods.Address),
            ("Kubernetes__Namespace", FakeCluster.Namespace), ("Kubernetes__Mode", "pod"),
            ("Kubernetes__AgentImage", "registry.example/agent:1"), ("Kubernetes__OwnerAddress", $"127.0.0.1:{port}"),
            ("Kubernetes__RequestsPerSecond", "1000"), ("Kubernetes__Burst", "1000"), .. more]);
    }

    /// <summary>Once the API has heard of the node that runs pods, it prefers it to the one that runs local processes; no pod can be
    /// without a network, which tells the one from the other.</summary>
    private async Task UntilChosenAsync(string id, int pods = 1, params (string Field, object? Value)[] more)
    {
        await Wait.UntilAsync(
            async () =>
                (await Caller.StartAsync($"probe-{Guid.NewGuid():N}")).ToString().Contains("network none", StringComparison.Ordinal),
            () => "the API chooses pods");
        var answer = "";
        await Wait.UntilAsync(
            async () =>
                (answer = (await Caller.StartAsync(id, [.. AsPod, .. more])).ToString()).Contains("\"Success\"", StringComparison.Ordinal),
            () => $"the head has asked its cluster and takes {id}: {answer}");
        await Caller.UntilAliveAsync(id);
        Assert.True(Pods.All("pods").Count == pods, $"{id} was to be a pod; there are {Pods.All("pods").Count}, not {pods}");
    }
}
