using System.Diagnostics;
using Sandbox.Rollout.Tests.Runs;
using Sandbox.Testing;

namespace Sandbox.Rollout.Tests.Machines;

/// <summary>Two machines, head and node-1, as <c>tests/rollout/machines.sh</c> makes them; removed at the end with all they keep.</summary>
public sealed class TestMachines : IAsyncLifetime
{
    private static readonly string Script = Path.Combine(RolloutOfOneMachine.Repository, "tests/rollout/machines.sh");

    private readonly TempFolder _temp = new();

    /// <summary>Null when this machine can have such machines.</summary>
    public static string? WhyMissing { get; } =
        DockerEngine.WhyMissing
        ?? (Environment.IsPrivilegedProcess ? null : "needs root, for containers that run an engine of their own")
        ?? (File.Exists("/usr/bin/ansible-playbook") ? null : "Ansible is not installed")
        ?? (File.Exists("/usr/sbin/debootstrap") ? null : "debootstrap is not installed");

    /// <summary>The folder that the script makes.</summary>
    public string Folder => _temp.File("machines");

    /// <summary>The inventory of both.</summary>
    public string Inventory => File.ReadAllText(Path.Combine(Folder, "inventory.ini"));

    /// <summary>The cluster's id, and what the names of the containers begin with.</summary>
    public string Project => File.ReadAllText(Path.Combine(Folder, "project")).Trim();

    /// <summary>How the head is reached.</summary>
    public string HeadAddress => Inventory.Split('\n').First(line => line.StartsWith("head ", StringComparison.Ordinal)).Split('=')[1];

    public async ValueTask InitializeAsync()
    {
        if (WhyMissing is null)
        {
            await ScriptAsync("up", Folder, "2");
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (File.Exists(Path.Combine(Folder, "project")))
        {
            await ScriptAsync("down", Folder);
        }

        _temp.Dispose();
    }

    /// <summary>Runs a shell line on a machine as its root, past SSH and Ansible.</summary>
    public async Task<string> ShellAsync(string machine, string line)
    {
        var (exitCode, output) = await DockerEngine.ExecAsync($"{Project}-{machine}", line, CancellationToken.None);
        Assert.True(exitCode == 0, $"`{line}` on {machine} was to succeed, it ended with {exitCode}: {output}");
        return output.Trim();
    }

    private static async Task ScriptAsync(params string[] arguments)
    {
        using var script = Process.Start(new ProcessStartInfo("bash", [Script, .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var said = await Task.WhenAll(script.StandardOutput.ReadToEndAsync(), script.StandardError.ReadToEndAsync());
        await script.WaitForExitAsync();
        if (script.ExitCode != 0)
        {
            throw new InvalidOperationException($"{Script} {string.Join(' ', arguments)} ended with {script.ExitCode}: {said[1]}");
        }
    }
}
