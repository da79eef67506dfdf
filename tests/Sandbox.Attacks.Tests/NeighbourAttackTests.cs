using System.Globalization;
using System.Net;
using System.Text.Json;
using Sandbox.Testing;
using Sandbox.Testing.Clusters;

namespace Sandbox.Attacks.Tests;

/// <summary>What hostile code takes of the machine that it shares: its own sandbox may suffer, another tenant's works on.</summary>
[Collection(nameof(AttackCollection))]
public sealed class NeighbourAttackTests(AttackedCluster attacked) : IAsyncLifetime
{
    private readonly TestSandboxes _sandboxes = new("near");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await _sandboxes.DisposeAsync();
    }

    [NeedsDockerFact]
    public async Task ForkBomb_TakesItsOwnProcessesOnly()
    {
        var (red, evil) = (await _sandboxes.RunAsync(attacked.Red), await _sandboxes.RunAsync(attacked.Mallory, ("pids_limit", 64)));

        // An interactive shell goes on where it can start no more, and tries again for as long as the sandbox lives.
        await BeginAsync(evil, "yes 'sleep 1000 &' | sh -i");

        await Wait.UntilAsync(
            async () => await ProcessesOfAsync(evil) > 50, () => $"{evil} has nearly all the processes that it may have");
        Assert.InRange(await ProcessesOfAsync(evil), 1, 64);
        Assert.Equal("works\n", await attacked.Red.ExecuteAsync(red, "for i in $(seq 20); do true & done; wait; echo works"));
    }

    [NeedsDockerFact]
    public async Task MemoryHog_IsEndedItself_AndNobodyElse()
    {
        var (red, evil) = (await _sandboxes.RunAsync(attacked.Red), await _sandboxes.RunAsync(attacked.Mallory));
        await attacked.Red.ExecuteAsync(red, "sleep 1000 >/dev/null 2>&1 & echo $! >/pid");

        var hog = await attacked.Mallory.PostAsync(
            "execute", new { sandbox_id = evil, shell = true, command = "dd if=/dev/zero of=/dev/null bs=400M count=1" });

        Assert.False(Succeeded(hog), $"a program with more memory than its sandbox has was to be ended: {hog}");
        Assert.Equal("works\n", await attacked.Red.ExecuteAsync(red, "kill -0 $(cat /pid) && echo works"));
    }

    [NeedsDockerFact]
    public async Task LogFlood_KeepsNoMoreThanItsLimitOnTheDisk()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "only root reads the engine's files");
        var (red, evil) = (await _sandboxes.RunAsync(attacked.Red), await _sandboxes.RunAsync(attacked.Mallory));

        await attacked.Mallory.ExecuteAsync(evil, "yes 'flood flood flood flood flood flood' | head -c 16777216 >/proc/1/fd/1");

        var log = (string)(await attacked.ContainerOfAsync(evil, Token))!["LogPath"]!;
        var kept = Directory.EnumerateFiles(Path.GetDirectoryName(log)!, "*-json.log*").Sum(file => new FileInfo(file).Length);
        Assert.True(kept < 4 << 20, $"{kept} bytes of a flood of 16 MiB are kept, where a log has 1 MiB");
        Assert.Equal("works\n", await attacked.Red.ExecuteAsync(red, "echo works"));
    }

    [NeedsDockerFact]
    public async Task Orphans_OfAStormOfThem_AreReapedInTheirOwnSandbox()
    {
        var (red, evil) = (await _sandboxes.RunAsync(attacked.Red), await _sandboxes.RunAsync(attacked.Mallory, ("pids_limit", 200)));

        // Far more than it may have at once: those that have ended must be gone for others to come.
        await attacked.Mallory.ExecuteAsync(evil, "i=0; while [ $i -lt 600 ]; do (true &) 2>/dev/null; i=$((i+1)); done");

        await Wait.UntilAsync(
            async () => (await attacked.Mallory.ExecuteAsync(evil, "grep -l 'State:.Z' /proc/[0-9]*/status | wc -l")).Trim() is "0",
            () => $"no process of {evil} is left that has ended");
        Assert.Equal("works\n", await attacked.Red.ExecuteAsync(red, "true & wait; echo works"));
    }

    [NeedsDockerFact]
    public async Task DescriptorExhaustion_LeavesTheMachineAndOthersFilesToOpen()
    {
        var (red, evil) = (await _sandboxes.RunAsync(attacked.Red), await _sandboxes.RunAsync(attacked.Mallory));

        await BeginAsync(evil, "for i in $(seq 20); do tail -f $(yes /etc/passwd | head -n 1000) & done; wait");

        await Wait.UntilAsync(
            async () => int.Parse(
                await attacked.Mallory.ExecuteAsync(evil, "ls /proc/[0-9]*/fd 2>/dev/null | wc -l"), CultureInfo.InvariantCulture) > 10_000,
            () => $"{evil} has thousands of files open");
        const string open = "tail -f $(yes /etc/passwd | head -n 1000) >/dev/null & p=$!; "
            + "until [ $(ls /proc/$p/fd | wc -l) -ge 1000 ]; do :; done; kill $p; echo works";
        Assert.Equal("works\n", await attacked.Red.ExecuteAsync(red, open));
    }

    [NeedsDockerFact]
    public async Task KillOfEveryProcess_EndsItsOwnSandboxOnly()
    {
        var (red, evil) = (await _sandboxes.RunAsync(attacked.Red), await _sandboxes.RunAsync(attacked.Mallory));
        await attacked.Red.ExecuteAsync(red, "sleep 1000 >/dev/null 2>&1 & echo $! >/pid");

        await attacked.Mallory.PostAsync("execute", new { sandbox_id = evil, shell = true, command = "kill -9 -1" });

        await Wait.UntilAsync(
            async () => (await attacked.Mallory.StatusAsync(evil)).GetProperty("state").GetString() is "stopped", () =>
                $"{evil} has ended itself");
        Assert.Equal("works\n", await attacked.Red.ExecuteAsync(red, "kill -0 $(cat /pid) && echo works"));
    }

    [NeedsDockerFact]
    public async Task SettingsOfTheKernel_CannotBeChangedFromInside()
    {
        var evil = await _sandboxes.RunAsync(attacked.Mallory);

        foreach (var line in (string[])
            ["echo 64 >/proc/sys/kernel/pid_max", "echo b >/proc/sysrq-trigger", "echo '|/evil' >/proc/sys/kernel/core_pattern",
             "echo 1 >/proc/sys/vm/drop_caches", "nice -n -20 true", "renice -n -20 $$", "echo -1000 >/proc/self/oom_score_adj",
             "mount -t cgroup -o memory none /tmp"])
        {
            var answer = await attacked.Mallory.PostAsync("execute", new { sandbox_id = evil, shell = true, command = line });
            Assert.False(Succeeded(answer), $"'{line}' was to be refused: {answer}");
        }
    }

    /// <summary>What is in effect on a node helps those who look for what is not.</summary>
    [NeedsDockerFact]
    public async Task Diagnostics_AskedByATenant_AreRefused_AndTellAnAdminOfTheNode()
    {
        using var refused = await attacked.Mallory.Http.GetAsync(new Uri("/api/v1/diagnostics", UriKind.Relative), Token);
        var told = await attacked.Admin.Http.GetStringAsync(new Uri("/api/v1/diagnostics", UriKind.Relative), Token);

        Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
        Assert.DoesNotContain("seccomp", await refused.Content.ReadAsStringAsync(Token), StringComparison.Ordinal);
        foreach (var check in (string[])["clock", "agent", "engine", "seccomp", "limits", "network", "inotify"])
        {
            Assert.Contains($"\"name\":\"{check}\"", told, StringComparison.Ordinal);
        }
    }

    private static bool Succeeded(JsonElement envelope) =>
        envelope.GetProperty("status").GetString() is "Success" && envelope.GetProperty("result").GetProperty("exit_code").GetInt32() == 0;

    /// <summary>Starts something that goes on when the call has ended.</summary>
    private Task<string> BeginAsync(string evil, string script) =>
        attacked.Mallory.ExecuteAsync(evil, $"{{ {script}; }} >/dev/null 2>&1 &");

    /// <summary>As the engine sees it: in a sandbox at its limit nothing can be started to look.</summary>
    private async Task<int> ProcessesOfAsync(string sandbox)
    {
        var container = (string)(await attacked.ContainerOfAsync(sandbox, Token))!["Id"]!;
        var top = await DockerEngine.GetAsync($"containers/{container}/top?ps_args=-eo+pid", Token);
        return top!["Processes"]!.AsArray().Count;
    }
}
