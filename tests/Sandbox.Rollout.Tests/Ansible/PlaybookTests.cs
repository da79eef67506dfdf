using System.Diagnostics;
using Sandbox.Rollout.Tests.Runs;
using Sandbox.Testing;

namespace Sandbox.Rollout.Tests.Ansible;

public sealed class PlaybookTests
{
    private static readonly string Folder = Path.Combine(RolloutOfOneMachine.Repository, "deploy/rollout/playbooks");

    [NeedsAnsibleFact]
    public async Task Playbooks_AsTheyAreShipped_AreSoundForAnsible()
    {
        using var ansible = Process.Start(new ProcessStartInfo(
            "ansible-playbook", ["--syntax-check", "--inventory", "localhost,", .. Directory.EnumerateFiles(Folder, "*.yml").Order()])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var said = await Task.WhenAll(ansible.StandardOutput.ReadToEndAsync(), ansible.StandardError.ReadToEndAsync());
        await ansible.WaitForExitAsync();

        Assert.True(ansible.ExitCode == 0, $"each playbook was to have no error in it: {said[1]}{said[0]}");
    }
}
