using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Sandbox.Agent.Accounts;
using Sandbox.Agent.Tests.Running;
using Sandbox.Testing;

namespace Sandbox.Agent.Tests.Processes;

/// <summary>What the image says of the folder and the variables of its processes.</summary>
public sealed class StartFolderTests
{
    // C10: the image's folder may be removed; commands, files and sessions go on at the root, and say so.
    [Fact]
    public async Task Calls_AfterTheWorkingFolderWasRemoved_RunAtTheRootAndSaySo()
    {
        using var folder = new TempFolder();
        var work = Directory.CreateDirectory(folder.File("work")).FullName;
        var change = "cd \"$0\" && exec \"$@\"";
        await using var agent = await RunningAgent.StartAsync(["/bin/sh", "-c", change, work, .. RunningAgent.Managed]);
        await PostAsync(agent, "execute", new { command = "rmdir \"$PWD\"", shell = true });

        var run = await PostAsync(agent, "execute", new { command = "pwd", shell = true });
        var session = await PostAsync(agent, "create_session", new { session = "s" });
        var inside = await PostAsync(agent, "run_in_session", new { session = "s", command = "pwd" });
        var file = await PostAsync(agent, "read_file", new { path = "proc/self/comm" });

        var note = $"sandbox: the working folder {work} is gone; / is used instead";
        Assert.Equal(("/\n", note + "\n", 0), ((string?)run["stdout"], (string?)run["stderr"], (int?)run["exit_code"]));
        Assert.StartsWith(note, (string?)session["output"], StringComparison.Ordinal);
        Assert.Equal("/", (string?)inside["output"]);
        Assert.NotEqual("", (string?)file["content"]);
    }

    // C27: what the image sets stays, unless a user is asked for.
    [Fact]
    public async Task Environment_OfAnImageWithHomeAndUser_IsTheImages()
    {
        using var home = new TempFolder();
        await using var agent = await RunningAgent.StartAsync(
            env: new Dictionary<string, string> { ["HOME"] = home.Path, ["USER"] = "dev" });

        var executed = await PostAsync(agent, "execute", new { command = "echo $HOME $USER", shell = true });
        var started = await agent.Http.RunAsync(EnvdProcessCalls.Shell("echo $HOME $USER; pwd"));
        var unchosen = await agent.Http.RunAsync(
            EnvdProcessCalls.Shell("echo $HOME $USER"), ("Authorization", "Basic " + Convert.ToBase64String("user:"u8)));
        var own = new AccountFiles().Own();
        var asked = await agent.Http.RunAsync(
            EnvdProcessCalls.Shell("echo $HOME $USER"),
            ("Authorization", "Basic " + Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(own.Name + ":"))));

        Assert.Equal($"{home.Path} dev\n", (string?)executed["stdout"]);
        Assert.Equal($"{home.Path} dev\n{home.Path}\n", started.Text);
        Assert.Equal($"{home.Path} dev\n", unchosen.Text);
        Assert.Equal($"{own.Home} {own.Name}\n", asked.Text);
    }

    private static async Task<JsonNode> PostAsync(RunningAgent agent, string route, object body)
    {
        using var answer = await agent.Http.PostAsJsonAsync($"/rock/{route}", body);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, text);
        return JsonNode.Parse(text)!;
    }
}
