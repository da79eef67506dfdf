using Sandbox.Rollout.Ansible;
using Sandbox.Rollout.Checkpoints;
using Sandbox.Rollout.Runs;
using Sandbox.Rollout.Tests.Runs;
using Sandbox.Testing;

namespace Sandbox.Rollout.Tests.Ansible;

/// <summary>What cannot be planned is said so that a person knows what to do.</summary>
public sealed class BadInputTests : IDisposable
{
    private static readonly Checkpoint Prerequisites = CheckpointCatalog.Find("prerequisites-check")!;

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Inventory_ThatIsMissing_IsNamed() =>
        Assert.Contains($"The inventory {_folder.File("inventory.ini")} does not exist.", await ProblemAsync(), StringComparison.Ordinal);

    [Fact]
    public async Task Ansible_ThatIsMissing_SaysWhatToInstall()
    {
        await File.WriteAllTextAsync(_folder.File("inventory.ini"), "");

        var problem = await ProblemAsync(programs: _folder.Path);

        Assert.Contains("is not installed. On Debian and Ubuntu: apt-get install ansible", problem, StringComparison.Ordinal);
    }

    [NeedsAnsibleFact]
    public async Task Inventory_ThatNoPlaybookCanUse_IsRefusedForThat()
    {
        (string Inventory, string Problem)[] cases =
        [
            ("[head_nodes]\nhead\n[databases]\ndb\n", "has a group databases, which no playbook knows"),
            ("[worker_nodes]\nnode-1\n", "exactly one machine in head_nodes, not 0"),
            ("[head_nodes]\nhead ansible_password=swordfish\n", "no password in a file"),
            ("[head_nodes\nhead\n", "cannot be read"),
        ];
        foreach (var (inventory, expected) in cases)
        {
            await File.WriteAllTextAsync(_folder.File("inventory.ini"), inventory);

            var problem = await ProblemAsync();

            Assert.Contains(expected, problem, StringComparison.Ordinal);
            Assert.DoesNotContain("swordfish", problem, StringComparison.Ordinal);
        }
    }

    private async Task<string> ProblemAsync(string programs = "")
    {
        var tools = Path.Combine(RolloutOfOneMachine.Repository, "deploy/rollout");
        var planner = new Planner(
            new AnsibleSettings(_folder.File("inventory.ini"), Path.Combine(tools, "playbooks"), tools) { ProgramFolder = programs });
        return (await Assert.ThrowsAsync<AnsibleException>(() => planner.PlanAsync(Prerequisites, default))).Message;
    }
}
