using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Sandbox.Testing;

namespace Sandbox.EndToEnd.Tests;

/// <summary>The life of a sandbox over HTTP, on a real engine with the real agent.</summary>
public sealed class EndToEndTests(RockServer server) : IClassFixture<RockServer>
{
    [NeedsDockerFact]
    public async Task Sandbox_FromStartToDelete_KeepsSessionsAndFiles()
    {
        await server.MustPostAsync("start_async", RockServer.Start("road"));
        await RockServer.EventuallyAsync("get_status says alive", async () =>
            (await server.GetAsync("get_status?sandbox_id=road")).GetProperty("result").GetProperty("is_alive").GetBoolean());

        await server.MustPostAsync("create_session", new { sandbox_id = "road" });
        await server.MustPostAsync("run_in_session", new { sandbox_id = "road", command = "cd /tmp; export A=1" });
        var observed = await server.MustPostAsync("run_in_session", new { sandbox_id = "road", command = "pwd; echo $A" });
        Assert.Equal("/tmp\r\n1", observed.GetProperty("output").GetString());
        Assert.Equal(0, observed.GetProperty("exit_code").GetInt32());

        await server.MustPostAsync("write_file", new { sandbox_id = "road", path = "/data/a.txt", content = "one\r\ntwo\n" });
        await UploadAsync("road", "/data/b.bin", [0, 255, 10, 13]);
        await server.MustPostAsync("stop", new { sandbox_id = "road" });
        Assert.Equal("stopped", (await server.StatusAsync("road")).GetProperty("state").GetString());
        await server.MustPostAsync("restart", new { sandbox_id = "road" });
        await RockServer.EventuallyAsync("the restarted sandbox is alive", async () =>
            (await server.StatusAsync("road")).GetProperty("is_alive").GetBoolean());

        var read = await server.MustPostAsync("read_file", new { sandbox_id = "road", path = "/data/a.txt" });
        Assert.Equal("one\r\ntwo\n", read.GetProperty("content").GetString());
        Assert.Equal("00ff0a0d", (await server.ExecuteAsync("road", "hexdump -v -e '/1 \"%02x\"' /data/b.bin")).Trim());

        await server.MustPostAsync("stop", new { sandbox_id = "road" });
        await server.MustPostAsync("delete", new { sandbox_id = "road" });
        Assert.Empty(await server.ContainersOfAsync("road"));
        Assert.Equal("Failed", (await server.GetAsync("get_status?sandbox_id=road")).GetProperty("status").GetString());
    }

    [NeedsDockerFact]
    public async Task Stop_WithoutAnyDelay_LeavesNothing()
    {
        await server.StartSandboxAsync("brief", new { auto_delete_seconds = (int?)null });

        await server.MustPostAsync("stop", new { sandbox_id = "brief" });

        Assert.Empty(await server.ContainersOfAsync("brief"));
        Assert.Equal("deleted", (await server.StatusAsync("brief")).GetProperty("state").GetString());
    }

    [NeedsDockerFact]
    public async Task Start_ByTwoCallersWithOneId_MakesOneSandbox()
    {
        var answers = await Task.WhenAll(
            server.PostAsync("start", RockServer.Start("twin")), server.PostAsync("start", RockServer.Start("twin")));

        var refused = Assert.Single(answers, answer => answer.GetProperty("status").GetString() == "Failed");
        Assert.Contains("already exists", refused.GetProperty("error").GetString(), StringComparison.Ordinal);
        Assert.Equal(4000, refused.GetProperty("result").GetProperty("code").GetInt32());
        Assert.Single(await server.ContainersOfAsync("twin"));
    }

    [NeedsDockerFact]
    public async Task Start_OfAnImageThatIsNotThere_FailsWithItsPhase()
    {
        var answer = await server.PostAsync("start", RockServer.Start("imageless", new { image = "sandbox-no-such-image:1" }));

        Assert.Equal("Failed", answer.GetProperty("status").GetString());
        Assert.Contains("sandbox-no-such-image:1", answer.GetProperty("error").GetString(), StringComparison.Ordinal);
        var phases = (await server.StatusAsync("imageless")).GetProperty("status");
        Assert.Contains(phases.EnumerateObject(), phase => phase.Value.GetProperty("status").GetString() == "failed");
        Assert.Empty(await server.ContainersOfAsync("imageless"));
    }

    [NeedsDockerFact]
    public async Task Start_WithADiskLimitThatTheEngineCannotEnforce_RunsAndSaysThatNoneIsInEffect()
    {
        var driver = await DockerEngine.GetAsync("info", TestContext.Current.CancellationToken);
        Assert.SkipWhen(
            driver!["DriverStatus"]!.ToJsonString().Contains("xfs", StringComparison.Ordinal),
            "needs a storage driver that cannot limit disk space");

        await server.StartSandboxAsync("roomy", new { disk = "10G" });

        var status = await server.StatusAsync("roomy");
        Assert.Equal("running", status.GetProperty("state").GetString());
        Assert.All(
            ["disk", "disk_limit_rootfs", "disk_limit_log"], limit =>
                Assert.Equal(JsonValueKind.Null, status.GetProperty(limit).ValueKind));
    }

    [NeedsDockerFact]
    public async Task Restart_OfAKataSandboxWhoseDiskImageIsMissing_IsRefusedWithThatReason()
    {
        await using var kata = new RockServer { Settings = new Dictionary<string, string> { ["Security__AllowKata"] = "true" } };
        await kata.InitializeAsync();

        // Where the engine has no such runtime the start fails, and the image goes with all else that it made.
        await kata.PostAsync("start", RockServer.Start("guest", new { use_kata_runtime = true, disk = "64m" }));
        await kata.MustPostAsync("stop", new { sandbox_id = "guest" });
        var images = Path.Combine(kata.DataFolder, "kata");
        Directory.GetFiles(images).ToList().ForEach(File.Delete);
        await RockServer.EventuallyAsync("there is no image", () => Task.FromResult(Directory.GetFiles(images).Length == 0));

        await kata.MustPostAsync("restart", new { sandbox_id = "guest" });

        JsonElement status = default;
        await RockServer.EventuallyAsync("the restart has ended", async () =>
            (status = await kata.StatusAsync("guest")).GetProperty("state").GetString() == "stopped");
        var refusal = status.GetProperty("reason").GetString();
        Assert.Equal("its disk image is missing, it cannot be started again", refusal);
        Assert.Equal("start_failed", status.GetProperty("state_history").EnumerateArray().Last().GetProperty("event").GetString());
        var phase = status.GetProperty("status").GetProperty("docker_run");
        Assert.Equal(("failed", refusal), (phase.GetProperty("status").GetString(), phase.GetProperty("message").GetString()));
        Assert.Empty(Directory.GetFiles(images));

        await kata.MustPostAsync("delete", new { sandbox_id = "guest" });
        Assert.Empty(await kata.ContainersOfAsync("guest"));
    }

    [NeedsDockerFact]
    public async Task Container_RemovedBehindOurBack_IsReportedLost()
    {
        await server.StartSandboxAsync("robbed");
        var container = Assert.Single(await server.ContainersOfAsync("robbed"));

        await Shell.RunAsync("docker", ["rm", "-f", container]);

        await RockServer.EventuallyAsync("the record says stopped", async () =>
            (await server.StatusAsync("robbed")).GetProperty("state").GetString() == "stopped");
        var history = (await server.StatusAsync("robbed")).GetProperty("state_history").EnumerateArray();
        Assert.Equal("lost", history.Last().GetProperty("event").GetString());
    }

    [NeedsDockerFact]
    public async Task Agent_KilledInside_EndsTheSandboxAsLost()
    {
        await server.StartSandboxAsync("headless");

        await server.PostAsync("execute", new { sandbox_id = "headless", shell = true, command = "kill -9 $(pidof sandbox-agent)" });

        await RockServer.EventuallyAsync("the record says stopped", async () =>
            (await server.StatusAsync("headless")).GetProperty("state").GetString() == "stopped");
        var after = await server.PostAsync("execute", new { sandbox_id = "headless", command = "true" });
        Assert.Equal("Failed", after.GetProperty("status").GetString());
        Assert.Contains("not started", after.GetProperty("error").GetString(), StringComparison.Ordinal);
    }

    [NeedsDockerFact]
    public async Task Agent_WithoutAnyOwner_EndsItsSandboxAfterTheGrace()
    {
        await using var other = new RockServer();
        await other.InitializeAsync();
        await other.StartSandboxAsync("orphan", new { agent_grace_seconds = 1 });
        Assert.Single(await other.ContainersAsync());

        other.Kill();

        await RockServer.EventuallyAsync("its container has ended", async () => (await other.ContainersAsync()).Count == 0);
        await other.StartAsync();
        await RockServer.EventuallyAsync("the next server says stopped", async () =>
            (await other.StatusAsync("orphan")).GetProperty("state").GetString() == "stopped");
    }

    [NeedsDockerFact]
    public async Task Envd_ByHeader_StreamsAProcess()
    {
        await server.StartSandboxAsync("streamed");
        var json = """{"process":{"cmd":"sh","args":["-c","echo out; echo err >&2; exit 3"]},"stdin":false}"""u8.ToArray();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/process.Process/Start")
        {
            Content = new ByteArrayContent([0, .. BitConverter.GetBytes(json.Length).Reverse(), .. json]),
        };
        request.Content.Headers.ContentType = new("application/connect+json");
        request.Headers.Add("E2b-Sandbox-Id", "streamed");
        request.Headers.Add("E2b-Sandbox-Port", "49983");

        using var answer = await server.Http.SendAsync(request, TestContext.Current.CancellationToken);
        var body = Encoding.UTF8.GetString(await answer.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));

        Assert.Equal("application/connect+json", answer.Content.Headers.ContentType!.MediaType);
        Assert.Contains(Convert.ToBase64String("out\n"u8), body, StringComparison.Ordinal);
        Assert.Contains(Convert.ToBase64String("err\n"u8), body, StringComparison.Ordinal);
        Assert.Contains("\"exitCode\":3", body, StringComparison.Ordinal);
    }

    [NeedsDockerFact]
    public async Task Container_ByDefault_IsUnprivilegedAndLimited()
    {
        await server.StartSandboxAsync("confined", new { network = "none", pids_limit = 64 });
        var container = Assert.Single(await server.ContainersOfAsync("confined"));

        var inspected = JsonDocument.Parse(await Shell.RunAsync("docker", ["inspect", container])).RootElement[0];
        var host = inspected.GetProperty("HostConfig");

        Assert.Equal(["ALL"], Words(host.GetProperty("CapDrop")));
        Assert.Equal(
            ["CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "NET_BIND_SERVICE", "SETGID", "SETPCAP", "SETUID"],
            Words(host.GetProperty("CapAdd")).Select(name => name.Replace("CAP_", "", StringComparison.Ordinal))
                .Order(StringComparer.Ordinal));
        Assert.Equal(["no-new-privileges"], Words(host.GetProperty("SecurityOpt")).Select(option => option.Split(':')[0]));
        Assert.False(host.GetProperty("Privileged").GetBoolean());
        Assert.Equal(256 << 20, host.GetProperty("Memory").GetInt64());
        Assert.Equal(256 << 20, host.GetProperty("MemorySwap").GetInt64());
        Assert.Equal(1_000_000_000, host.GetProperty("NanoCpus").GetInt64());
        Assert.Equal(64, host.GetProperty("PidsLimit").GetInt64());
        Assert.Equal("none", host.GetProperty("NetworkMode").GetString());
        Assert.All(
            inspected.GetProperty("Mounts").EnumerateArray(), mount =>
                Assert.False(mount.GetProperty("RW").GetBoolean(), $"nothing of the host is writable: {mount}"));
        Assert.DoesNotContain("docker.sock", inspected.GetProperty("Mounts").ToString(), StringComparison.Ordinal);
        var labels = inspected.GetProperty("Config").GetProperty("Labels");
        Assert.Equal("confined", labels.GetProperty("sandbox.aspire/sandbox").GetString());
        Assert.Equal(server.ClusterId, labels.GetProperty("sandbox.aspire/cluster").GetString());
    }

    [NeedsDockerFact]
    public async Task Root_InTheSandbox_ChangesNothingOnTheHost()
    {
        await server.StartSandboxAsync("hostile");
        var container = Assert.Single(await server.ContainersOfAsync("hostile"));
        var sources = (await Shell.RunAsync("docker", ["inspect", "-f", "{{range .Mounts}}{{.Source}} {{end}}", container]))
            .Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries);
        var before = await TreeHashAsync(sources);

        var tried = await server.MustPostAsync("execute", new
        {
            sandbox_id = "hostile",
            shell = true,
            command = """
                for d in /.sandbox/bin /.sandbox/run; do
                  dd if=/dev/zero of=$d/fill bs=1024 count=1 && echo broke fill $d
                  echo x > $d/new && echo broke new $d
                  for f in $d/*; do
                    echo x >> $f && echo broke append $f
                    mv $f $f.moved && echo broke mv $f
                    rm -f $f && echo broke rm $f
                    chmod 777 $f && echo broke chmod $f
                    chown 1:1 $f && echo broke chown $f
                    ln $f $d/link && echo broke ln $f
                  done
                  mount -o remount,rw $d && echo broke remount $d
                  mount -t tmpfs none $d && echo broke mount $d
                  umount $d && echo broke umount $d
                done 2>/dev/null
                true
                """,
        });

        Assert.Equal("", tried.GetProperty("stdout").GetString());
        Assert.Equal(before, await TreeHashAsync(sources));
        Assert.Equal("alive", (await server.ExecuteAsync("hostile", "echo alive")).Trim());
    }

    private static Task<string> TreeHashAsync(string[] folders) =>
        Shell.RunAsync(
            "sh", ["-c", "find \"$@\" -printf '%p %y %m %u %g %s\\n' | sort; find \"$@\" -type f -exec sha256sum {} + | sort", "sh",
                .. folders]);

    private static IEnumerable<string> Words(JsonElement array) => array.EnumerateArray().Select(item => item.GetString()!);

    private async Task UploadAsync(string id, string path, byte[] bytes)
    {
        using var form = new MultipartFormDataContent
        {
            { new StringContent(path), "target_path" },
            { new StringContent(id), "sandbox_id" },
            { new ByteArrayContent(bytes), "file", "b.bin" },
        };
        using var answer = await server.Http.PostAsync(new Uri("/apis/envs/sandbox/v1/upload", UriKind.Relative), form);
        var envelope = await answer.Content.ReadFromJsonAsync<JsonElement>();
        Assert.True(envelope.GetProperty("result").GetProperty("success").GetBoolean(), $"the upload was to succeed: {envelope}");
    }
}
