using System.Text.Json;
using Sandbox.Testing;

namespace Sandbox.Cli.Tests.Commands;

/// <summary><c>sandbox deploy</c> where a server is named: the server runs Ansible, and this machine needs no inventory.</summary>
public sealed class ServerRolloutTests : IDisposable
{
    private readonly CliProgram _cli = new();

    public ServerRolloutTests()
    {
        File.WriteAllText(
            _cli.File("machines.ini"),
            """
            [head_nodes]
            here ansible_connection=local ansible_python_interpreter=/usr/bin/python3

            """);
        Directory.CreateDirectory(_cli.File("playbooks"));
        foreach (var name in (string[])["01-prerequisites-check", "02-docker-installation"])
        {
            File.WriteAllText(
                _cli.File($"playbooks/{name}.yml"),
                $$"""
                - name: {{name}}
                  hosts: all
                  gather_facts: false
                  tasks:
                    - name: tell
                      ansible.builtin.set_fact:
                        checkpoint_record: {docker_test: PASSED}

                """);
        }
    }

    public void Dispose() => _cli.Dispose();

    [NeedsAnsibleFact]
    [Trait("Row", "19")]
    public async Task Deploy_WithAServer_RunsThereAndIsShownAsItIsWithoutOne()
    {
        using var server = await _cli.ServeAsync(
            $"Rollout__Inventory={_cli.File("machines.ini")}", $"Rollout__PlaybookFolder={_cli.File("playbooks")}",
            "Rollout__AllowsOwnApproval=true");

        var ran = (await DeployAsync("--checkpoint", "prerequisites-check")).Expect(0).Output;
        Assert.StartsWith("PLAY 01-prerequisites-check\n", ran, StringComparison.Ordinal);
        Assert.Equal("prerequisites-check\tPASSED\t1/1\there=PASSED", (await DeployAsync("status")).Expect(0).Output.Split('\n')[0]);
        Assert.Equal(
            "sandbox: there is no checkpoint nope", (await DeployAsync("--checkpoint", "nope")).Expect(1).Error.Split(';')[0]);

        // Without a consent the command says what is asked for, and by which command it is given.
        var refused = (await DeployAsync("--checkpoint", "docker-installation")).Expect(1).Error;
        Assert.Contains("needs an approval: sandbox deploy approve ", refused, StringComparison.Ordinal);
        using var plan = JsonDocument.Parse((await DeployAsync("plan", "docker-installation", "--request", "--json")).Expect(0).Output);
        var id = plan.RootElement.GetProperty("approval_id").GetString()!;
        Assert.Contains($"approve {id} ", refused, StringComparison.Ordinal);
        (await DeployAsync("deny", id, "--reason", "not yet")).Expect(0);
        id = (await DeployAsync("plan", "docker-installation", "--request")).Expect(0).Output.Trim();
        (await DeployAsync("approve", id, "--reason", "planned")).Expect(0);
        (await DeployAsync("--checkpoint", "docker-installation")).Expect(0);
        Assert.Equal(["consumed", "denied"], (await RowsAsync("approvals")).Select(row => row.GetProperty("state").GetString()).Order());

        var runs = await RowsAsync("executions");
        Assert.Equal(["COMPLETED", "COMPLETED"], runs.Select(row => row.GetProperty("status").GetString()));
        var first = runs[^1].GetProperty("execution_id").GetString()!;
        Assert.StartsWith(ran, (await DeployAsync("executions", first)).Expect(0).Output, StringComparison.Ordinal);
        (await DeployAsync("stop", first)).Expect(1);
        var last = (await RowsAsync("audit"))[^1].GetProperty("hash").GetString()!;
        (await DeployAsync("audit", "verify", "--last", last)).Expect(0);
        (await DeployAsync("audit", "verify", "--last", new string('0', 64))).Expect(1);
        Assert.Equal("PASSED", (await RowsAsync("status"))[1].GetProperty("status").GetString());

        // Files of this machine mean this machine.
        var local = (await DeployAsync("status", "--state", _cli.File("other"))).Expect(0).Output;
        Assert.StartsWith("prerequisites-check\tNOT_FOUND\t", local, StringComparison.Ordinal);
    }

    private async Task<IReadOnlyList<JsonElement>> RowsAsync(string command)
    {
        using var printed = JsonDocument.Parse((await DeployAsync(command, "--json")).Expect(0).Output);
        return [.. printed.RootElement.EnumerateArray().Select(row => row.Clone())];
    }

    private async Task<CliResult> DeployAsync(params IEnumerable<string> arguments)
    {
        using var served = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(_cli.DataFolder, "server.json")));
        using var running = _cli.StartOther(
        [
            "env", $"SANDBOX_URL={served.RootElement.GetProperty("url").GetString()}",
            .. CliProgram.CommandLine(["deploy", .. arguments]),
        ]);
        running.CloseInput();
        return await running.EndAsync();
    }
}
