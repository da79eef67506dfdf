using System.Net.Http.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Sandbox.Agent.Tests.Running;
using Sandbox.Contracts.Envd;
using Sandbox.Testing;

namespace Sandbox.Agent.Tests.Static;

/// <summary>The native binary that goes into the sandboxes (artifacts/agent, made by build/agent.sh).</summary>
public sealed partial class StaticAgentTests
{
    private static readonly string Root = FindRoot();
    private static readonly string Binary = Path.Combine(Root, "artifacts/agent/linux-x64/sandbox-agent");

    [NeedsDockerFact]
    public async Task Agent_UnderLoad_NeverLoadsALibrary()
    {
        Skip(File.Exists("/usr/bin/strace") ? null : "strace is not installed");
        using var folder = new TempFolder();
        string trace = folder.File("trace");
        await using (var agent = await RunningAgent.StartAsync(
            ["/usr/bin/strace", "-f", "-qq", "-e", "trace=open,openat,openat2,execve", "-o", trace, Binary]))
        {
            await agent.InitAsync(600);
            for (var i = 0; i < 20; i++)
            {
                Assert.Equal("hello\n", (await agent.Http.RunAsync(EnvdProcessCalls.Shell("echo hello"))).Text);
            }

            var bulk = await agent.Http.RunAsync(EnvdProcessCalls.Shell("head -c 3000000 /dev/urandom"));
            Assert.Equal(3_000_000, bulk.Stdout.Length);
            await agent.Http.RunAsync(EnvdProcessCalls.Shell("id"), ("Authorization", "Basic " + Convert.ToBase64String("nobody:"u8)));
        }

        // Children load what they like: only what happened before a process became another program is the agent's.
        Assert.DoesNotContain(OpenedByAgent(await File.ReadAllLinesAsync(trace)), line => Forbidden().IsMatch(line));
    }

    [Fact]
    public async Task Agent_Native_DoesWhatTheManagedOneDoes()
    {
        Skip(null);
        await using var agent = await RunningAgent.StartAsync([Binary]);

        var run = await agent.Http.RunAsync(EnvdProcessCalls.Shell("echo hello; echo oops >&2; exit 7"));
        var other = Environment.UserName == "root"
            ? await agent.Http.RunAsync(
                EnvdProcessCalls.Shell("id -un") with { }, ("Authorization", "Basic " + Convert.ToBase64String("nobody:"u8)))
            : null;
        var missing = await agent.Http.RunAsync(new StartRequest { Process = new ProcessConfig { Cmd = "nope" } });
        await using var stream = await agent.Http.StartAsync(
            new StartRequest
            {
                Process = new ProcessConfig { Cmd = "sh", Args = ["-c", "stty size; read x"] },
                Pty = new Pty(new PtySize(90, 30))
            });
        await stream.UntilAsync("30 90");

        Assert.Equal(("hello\n", 7), (run.Text, run.End?.ExitCode));
        Assert.Equal("nobody\n", other?.Text ?? "nobody\n");
        Assert.Equal("not_found", missing.Error?.Code);
    }

    // C12: its memory is the sandbox's. 32 MiB, and the pages of its own file, which the kernel may drop.
    [Fact]
    public async Task Agent_Native_CarriesLargeTextsInLittleMemory()
    {
        const int large = 15 * 1024 * 1024;
        Skip(null);
        await using var agent = await RunningAgent.StartAsync([Binary]);
        using var folder = new TempFolder();
        await File.WriteAllTextAsync(folder.File("f"), new string('x', large));

        foreach (var (route, body, member) in ((string, object, string)[])
        [
            ("execute", new { command = $"head -c {large} /dev/zero | tr '\\0' x", shell = true }, "stdout"),
            ("read_file", new { path = folder.File("f") }, "content"),
            ("create_session", new { session = "s" }, "session_type"),
            ("run_in_session", new { session = "s", command = $"head -c {large} /dev/zero | tr '\\0' x" }, "output"),
            ("write_file", new { path = folder.File("g"), content = new string('x', large) }, "message"),
        ])
        {
            using var answer = await agent.Http.PostAsJsonAsync($"/rock/{route}", body);
            var text = (string?)JsonNode.Parse(await answer.Content.ReadAsStringAsync())![member];
            Assert.True(member is "session_type" or "message" || text!.Length == large, $"{route} gave {text?.Length} characters");
        }

        Assert.Equal(large, new FileInfo(folder.File("g")).Length);
        Assert.InRange(Memory.PeakBytes(agent.Pid), 1, (32 + 12) * 1024 * 1024);
    }

    [Fact]
    public void Binary_Built_IsSmall()
    {
        Skip(null);

        Assert.InRange(new FileInfo(Binary).Length, 1, 12 * 1024 * 1024);
    }

    private static IEnumerable<string> OpenedByAgent(IEnumerable<string> lines)
    {
        var others = new HashSet<string>();
        foreach (var line in lines)
        {
            var pid = line.Split(' ')[0];
            if (line.Contains("execve(", StringComparison.Ordinal) && !line.Contains("/sandbox-agent\"", StringComparison.Ordinal))
            {
                others.Add(pid);
            }
            else if (!others.Contains(pid))
            {
                yield return line;
            }
        }
    }

    private static void Skip(string? reason) =>
        Assert.SkipUnless(reason is null && File.Exists(Binary), reason ?? "the native agent is not built (build/agent.sh)");

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Sandbox.Aspire.sln")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? AppContext.BaseDirectory;
    }

    [GeneratedRegex(@"libssl|libcrypto|libc\.so|ld-linux|\.so[.""0-9]")]
    private static partial Regex Forbidden();
}
