using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Sandbox.Contracts.Agent;
using Sandbox.Contracts.Ids;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Specs;
using Sandbox.Node.Agents;
using Sandbox.Testing;
using Sandbox.Testing.Postgres;

namespace Sandbox.Kubernetes.Tests.Running;

/// <summary>What the cluster is asked for, in which order, and what is not even asked.</summary>
public sealed class SubmitTests : KubeTest
{
    [NeedsPostgresFact]
    public async Task BatchSandbox_OfATemplate_IsMadeAsItsContractSays()
    {
        var folder = Path.Combine(Folder, "templates");
        Directory.CreateDirectory(folder);
        await File.WriteAllTextAsync(Path.Combine(folder, "gpu.yaml"), """
            ports: { proxy: 1, server: 2, ssh: 3 }
            template:
              metadata: { labels: { app: mine, sandbox.aspire/cluster: stolen } }
              spec:
                runtimeClassName: "{{ accelerator_type }}"
                containers:
                  - { name: sidecar, image: "side:1", env: [{ name: A, value: template }] }
                  - { name: main, image: "{{ image }}", command: [never], args: [never] }
            """);
        var host = await StartAsync(("Kubernetes:Mode", "batchsandbox"), ("Kubernetes:TemplateFolder", folder),
            ("Kubernetes:Rules:0:Template", "gpu"), ("Kubernetes:Rules:0:Images:0", "python:*"));

        var submitted = await host.SubmitAsync(
            KubeHost.Prepare("made", spec => spec with { Env = new Dictionary<string, string> { ["A"] = "asked $(B)" } }));
        var batch = await MadeAsync(FakeCluster.Batches, submitted);

        Assert.Equal("sandbox.opensandbox.io/v1alpha1", Text(batch["apiVersion"]));
        Assert.Equal("BatchSandbox", Text(batch["kind"]));
        Assert.Equal(1, batch["spec"]!["replicas"]!.GetValue<int>());
        var (labels, annotations) = (batch["metadata"]!["labels"]!, batch["metadata"]!["annotations"]!);
        Assert.Equal("made", Text(labels["rock.sandbox/sandbox-id"]));
        Assert.Equal("gpu", Text(labels["rock.sandbox/template"]));
        Assert.Equal("gpu", Text(annotations["sandbox.aspire/template"]));
        Assert.Equal("true", Text(labels["batchsandbox.alibabacloud.com/resource-speedup"]));
        Assert.Equal(submitted.Incarnation.ToString(), Text(labels["sandbox.aspire/incarnation"]));
        Assert.Equal("""{"proxy":1,"server":2,"ssh":3}""", Text(annotations["rock.sandbox/ports"]));
        var podLabels = batch["spec"]!["template"]!["metadata"]!["labels"]!;
        Assert.Equal("mine", Text(podLabels["app"]));
        Assert.Equal(KubeHost.ClusterId, Text(podLabels["sandbox.aspire/cluster"]));
        var pod = batch["spec"]!["template"]!["spec"]!.AsObject();
        Assert.False(pod.ContainsKey("runtimeClassName"), "a placeholder that stays empty removes its key");
        foreach (var container in pod["containers"]!.AsArray())
        {
            Assert.Equal("""[{"name":"A","value":"asked $$(B)"}]""", container!["env"]!.ToJsonString());
        }
    }

    [NeedsPostgresFact]
    public async Task Pod_OfTheBuiltInTemplate_IsUnprivilegedAndGetsTheAgentByAnInitContainer()
    {
        var host = await StartAsync();

        var submitted = await host.SubmitAsync(KubeHost.Prepare("confined", spec => spec with { LimitCpus = 2, DiskBytes = 1L << 30 }));
        var pod = (await MadeAsync("pods", submitted))["spec"]!;

        Assert.False(pod["automountServiceAccountToken"]!.GetValue<bool>());
        Assert.Equal("Never", Text(pod["restartPolicy"]));
        var init = Assert.Single(pod["initContainers"]!.AsArray())!;
        Assert.Equal("registry.example/agent:1", Text(init["image"]));
        Assert.Equal("""["/bin/cp","/sandbox-agent","/.sandbox/bin/sandbox-agent"]""", init["command"]!.ToJsonString());
        var main = Assert.Single(pod["containers"]!.AsArray())!;
        Assert.Equal(
            $"""["/.sandbox/bin/sandbox-agent","--dial","tcp:127.0.0.1:{Port}","--token-file","/.sandbox/token/token","--grace","60"]""",
            main["command"]!.ToJsonString());
        var security = main["securityContext"]!;
        Assert.False(security["privileged"]!.GetValue<bool>());
        Assert.False(security["allowPrivilegeEscalation"]!.GetValue<bool>());
        Assert.Equal("""["ALL"]""", security["capabilities"]!["drop"]!.ToJsonString());
        Assert.Equal(
            """["CHOWN","DAC_OVERRIDE","FOWNER","FSETID","KILL","SETUID","SETGID","SETPCAP","NET_BIND_SERVICE"]""",
            security["capabilities"]!["add"]!.ToJsonString());
        Assert.Equal("RuntimeDefault", Text(security["seccompProfile"]!["type"]));
        Assert.Equal("""{"cpu":"2","memory":"256Mi","ephemeral-storage":"1Gi"}""", main["resources"]!["limits"]!.ToJsonString());
        Assert.True(
            main["volumeMounts"]!.AsArray().All(mount => mount!["readOnly"]!.GetValue<bool>()), "nothing of ours may be written to inside");
        var token = Assert.Single(Cluster.All("secrets"))["data"]!["token"]!.GetValue<string>();
        Assert.DoesNotContain(token, pod.ToJsonString(), StringComparison.Ordinal);
    }

    [NeedsPostgresFact]
    public async Task Record_IsWrittenBeforeAnythingIsMadeInTheCluster()
    {
        var host = await StartAsync();
        var prepared = KubeHost.Prepare("first");
        var known = new ConcurrentQueue<(string Resource, SandboxState? State)>();
        Cluster.Faults = call =>
        {
            if (call.Verb == "POST")
            {
                known.Enqueue((call.Resource, host.Records.FindAsync(prepared.Id, CancellationToken.None).GetAwaiter().GetResult()?.State));
            }

            return null;
        };

        await MadeAsync("pods", await host.SubmitAsync(prepared));

        Assert.Equal(["secrets", "pods"], known.Select(call => call.Resource));
        Assert.All(known, call => Assert.True(
            call.State is SandboxState.Pending,
            $"when {call.Resource} were made, the record was to be there, pending; its state was {call.State}"));
    }

    [NeedsPostgresFact]
    public async Task PrivateImage_BringsItsCredentialsAsAPullSecretOnly()
    {
        var host = await StartAsync();

        var submitted = await host.SubmitAsync(
            KubeHost.Prepare("private", spec => spec with { Image = "reg.example:5000/team/app:1", RegistryUsername = "me" }), "s3cret");
        var pod = await MadeAsync("pods", submitted);

        var secret = Assert.Single(Cluster.All("secrets"));
        Assert.Equal("kubernetes.io/dockerconfigjson", Text(secret["type"]));
        var config = JsonNode.Parse(Convert.FromBase64String(Text(secret["data"]![".dockerconfigjson"])))!;
        Assert.Equal("s3cret", Text(config["auths"]!["reg.example:5000"]!["password"]));
        Assert.Equal(NameOf(submitted), Text(pod["spec"]!["imagePullSecrets"]![0]!["name"]));
        Assert.DoesNotContain("s3cret", pod.ToJsonString(), StringComparison.Ordinal);
    }

    public static TheoryData<string, string> Impossible() => new()
    {
        { "network none", "network none is not supported here: the agent of a pod reaches its owner over the network." },
        { "archive", "archive is not supported here: a pod's files end with it." },
        { "docker_args", "docker_args is not supported here: no Docker engine is asked here." },
        { "kata", "use_kata_runtime is not supported here: choose a template with a runtimeClassName instead." },
    };

    [NeedsPostgresTheory]
    [MemberData(nameof(Impossible))]
    public async Task Submit_OfWhatNoPodCanBe_IsRefusedAndNothingIsWritten(string what, string why)
    {
        var host = await StartAsync();
        await host.UntilNodeSaysAsync(load => load.Unavailable is null, "it runs pods");

        var refused = await host.Sandboxes.SubmitAsync(
            KubeHost.Prepare("impossible", spec => Asking(spec, what)), null, CancellationToken.None);

        Assert.False(refused.TryGet(out _, out var error), $"{what} must be refused");
        Assert.Equal(why, error.Text);
        Assert.Null(await host.Records.FindAsync(SandboxId.Parse("impossible"), CancellationToken.None));
        Assert.DoesNotContain(Cluster.Calls, call => call.Verb == "POST");
    }

    [NeedsPostgresTheory]
    [InlineData("template_name", "extended_params.template_name: 'nope' is not a template here; there are default.")]
    [InlineData("pool_name", "extended_params.pool_name: 'nope' is not a pool here; there are none.")]
    public async Task Start_OfATemplateOrPoolThatIsNotHere_FailsWithTheReasonAndMakesNothing(string name, string why)
    {
        var host = await StartAsync();

        var submitted = await host.SubmitAsync(
            KubeHost.Prepare("unknown", spec => spec with { ExtendedParams = new Dictionary<string, string> { [name] = "nope" } }));
        var failed = await host.UntilAsync(submitted.Id, record => record.State is not SandboxState.Pending, "stopped, as failed");

        Assert.Equal((SandboxEvent.StartFailed, why), (failed.History[^1].On, failed.Reason));
        Assert.DoesNotContain(Cluster.Calls, call => call.Verb == "POST");
    }

    [NeedsPostgresTheory]
    [InlineData("chosen by a rule")]
    [InlineData("named by the caller")]
    public async Task Start_GoneOnWithInANextLifeThatHasNotItsTemplate_KeepsThePodThatWasMade(string how)
    {
        var template = Path.Combine(Directory.CreateDirectory(Path.Combine(Folder, "templates")).FullName, "gpu.yaml");
        await File.WriteAllTextAsync(template, """
            ports: { proxy: 1 }
            template: { spec: { containers: [ { name: main, image: "{{ image }}" } ] } }
            """);
        (string, string) templates = ("Kubernetes:TemplateFolder", Path.GetDirectoryName(template)!);
        var isNamed = how == "named by the caller";
        var first = await StartAsync(isNamed ? [templates] : [templates, ("Kubernetes:Rules:0:Template", "gpu")]);
        var submitted = await first.SubmitAsync(KubeHost.Prepare("moved-on", spec => spec with
        {
            DiskBytes = 1L << 30,
            ExtendedParams = isNamed ? new Dictionary<string, string> { ["template_name"] = "gpu" } : spec.ExtendedParams,
        }));
        var made = await MadeAsync("pods", submitted);
        await StopAsync(first);
        File.Delete(template);

        var second = await StartAsync(templates);
        using var kubelet = new Kubelet(Cluster, Folder);
        kubelet.Run(made);
        var running = await second.UntilAsync(submitted.Id, record => record.State is not SandboxState.Pending, "running");

        Assert.True(running.State is SandboxState.Running, $"its pod was made before and runs now; {running.Reason}");
        Assert.Equal(Text(made["metadata"]!["uid"]), Text(Assert.Single(Cluster.All("pods"))["metadata"]!["uid"]));
        var asked = Cluster.Calls.Count(call => call is { Verb: "POST", Resource: "pods" });
        Assert.True(asked == 1, $"the pod was there, so no other was to be asked for; pods were asked for {asked} times");
        Assert.Equal(
            "the image is there, in a pod of template gpu", running.Phases.Single(phase => phase.Name == SandboxPhase.ImagePull).Message);
        Assert.True(running.EffectiveDiskBytes is null, "its own template limits no disk, whatever the templates of today do");
    }

    [NeedsPostgresFact]
    public async Task Restart_IsRefusedWithTheReason()
    {
        using var kubelet = new Kubelet(Cluster, Folder);
        var host = await StartAsync();
        var running = await host.RunAsync(KubeHost.Prepare("once"));
        await host.Sandboxes.StopAsync(running.Id, StopReason.Asked, CancellationToken.None);

        var refused = await host.Sandboxes.RestartAsync(running.Id, CancellationToken.None);
        var unknown = await host.Sandboxes.RestartAsync(SandboxId.Parse("unknown"), CancellationToken.None);

        Assert.False(refused.TryGet(out _, out var error), "a restart must be refused");
        Assert.IsType<SandboxError.Unsupported>(error);
        Assert.StartsWith("restart is not supported here: a pod's files end with it", error.Text, StringComparison.Ordinal);
        Assert.False(unknown.TryGet(out _, out error), "a restart of what is unknown must be refused");
        Assert.IsType<SandboxError.NotFound>(error);
        Assert.Equal(SandboxState.Stopped, (await host.Records.FindAsync(running.Id, CancellationToken.None))!.State);
    }

    [NeedsPostgresFact]
    public async Task Submit_WhileTheClusterDoesNotAnswer_IsRefusedAndNothingIsWritten()
    {
        Cluster.Faults = _ => new Fault(500);
        var host = await StartAsync(("Kubernetes:Tries", "1"));
        await host.UntilNodeSaysAsync(
            load => load.Unavailable?.Contains("500", StringComparison.Ordinal) is true, "its cluster refuses to answer");

        var refused = await host.Sandboxes.SubmitAsync(KubeHost.Prepare("silent"), null, CancellationToken.None);

        Assert.False(refused.TryGet(out _, out var error), "a start that nothing can run must be refused");
        Assert.IsType<SandboxError.NoCapacity>(error);
        Assert.Contains("the Kubernetes API does not answer", error.Text, StringComparison.Ordinal);
        Assert.Null(await host.Records.FindAsync(SandboxId.Parse("silent"), CancellationToken.None));
    }

    [NeedsPostgresFact]
    public async Task BatchSandbox_OfAPool_IsReachedWhereItsPodListens()
    {
        var (port, tokenFile) = (ReservedPorts.Next(), Path.Combine(Folder, "pool-token"));
        await File.WriteAllTextAsync(tokenFile, "the-token-of-this-pool\n");
        using var agent = System.Diagnostics.Process.Start(
            "dotnet",
            [Path.Combine(AppContext.BaseDirectory, "sandbox-agent.dll"), "--listen", $"127.0.0.1:{port}", "--token-file", tokenFile,
                "--token-for", "init"]);
        try
        {
            await ListeningAsync(port);
            var host = await StartAsync(
                ("Kubernetes:Mode", "batchsandbox"), ("Kubernetes:Pools:0:Name", "warm"), ("Kubernetes:Pools:0:TokenFile", tokenFile),
                ("Kubernetes:Pools:0:AgentPort", $"{port}"));

            var submitted = await host.SubmitAsync(KubeHost.Prepare(
                "pooled", spec => spec with { ExtendedParams = new Dictionary<string, string> { ["pool_name"] = "warm" } }));
            var batch = await MadeAsync(FakeCluster.Batches, submitted);
            Cluster.Change(FakeCluster.Batches, NameOf(submitted), chosen => chosen["metadata"]!["annotations"]!["sandbox.opensandbox.io/endpoints"] = """["127.0.0.1"]""");
            var running = await host.UntilAsync(submitted.Id, record => record.State is not SandboxState.Pending, "running");

            Assert.Equal("""{"poolRef":"warm","replicas":1}""", batch["spec"]!.ToJsonString());
            Assert.Equal("""{"proxy":8000,"server":8080,"ssh":22}""", Text(batch["metadata"]!["annotations"]!["rock.sandbox/ports"]));
            Assert.True(running.State is SandboxState.Running, $"its agent listens, so it runs; {running.Reason}");
            Assert.Equal(
                "the image is there, in a pod of pool warm", running.Phases.Single(phase => phase.Name == SandboxPhase.ImagePull).Message);
            Assert.True(Cluster.All("secrets") is [], "a pool's agents start with the pool's token, so no secret is made");
            Assert.Equal(HttpStatusCode.Unauthorized, await AskAgentAsync(port, "the-token-of-this-pool"));
            Assert.Equal(HttpStatusCode.Unauthorized, await AskAgentAsync(port, host.Get<AgentTokens>().Of(IncarnationId.New())));
            Assert.Equal(HttpStatusCode.OK, await AskAgentAsync(port, host.Get<AgentTokens>().Of(submitted.Incarnation)));
        }
        finally
        {
            agent.Kill();
            await agent.WaitForExitAsync();
        }
    }

    /// <summary>As a process of another pod could.</summary>
    private static async Task<HttpStatusCode> AskAgentAsync(int port, string token)
    {
        using var http = new HttpClient();
        http.DefaultRequestHeaders.Add(AgentRoutes.TokenHeader, token);
        using var answer = await http.GetAsync(new Uri($"http://127.0.0.1:{port}{AgentRoutes.Status}"));
        return answer.StatusCode;
    }

    private static string Text(JsonNode? node) => node?.GetValue<string>() ?? "";

    private static SandboxSpec Asking(SandboxSpec spec, string what) => what switch
    {
        "network none" => spec with { Network = NetworkMode.None },
        "archive" => spec with { AutoArchive = TimeSpan.FromHours(1) },
        "docker_args" => spec with { DockerArgs = ["--read-only"] },
        "kata" => spec with { UseKata = true },
        _ => throw new ArgumentOutOfRangeException(nameof(what)),
    };

    private static async Task ListeningAsync(int port)
    {
        var connected = false;
        await KubeHost.UntilAsync(
            () =>
            {
                using var probe = new Socket(SocketType.Stream, ProtocolType.Tcp);
                try
                {
                    probe.Connect(IPAddress.Loopback, port);
                    connected = true;
                }
                catch (SocketException)
                {
                    // Not yet.
                }

                return connected;
            },
            "the pool's agent listens");
    }
}
