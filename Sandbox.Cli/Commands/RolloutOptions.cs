using System.CommandLine;
using Sandbox.Cli.Rollouts;
using Sandbox.Rollout.Ansible;

namespace Sandbox.Cli.Commands;

/// <summary>The options that all rollout commands have.</summary>
internal sealed class RolloutOptions(CommandContext context)
{
    private readonly Option<string> _inventory = new("--inventory", "-i")
    {
        Description = "Ansible's inventory: the machines, in the groups head_nodes and worker_nodes.",
        HelpName = "FILE",
        DefaultValueFactory = _ => "inventory.ini",
        Recursive = true,
    };

    private readonly Option<string?> _state = new("--state")
    {
        Description = "Folder of the rollout's state, mode 0700; default: rollout in the data folder.",
        HelpName = "DIR",
        Recursive = true,
    };

    private readonly Option<string?> _playbooks = new("--playbook-dir")
    {
        Description = "Folder of the playbooks; default: those that come with this program.",
        HelpName = "DIR",
        Recursive = true,
    };

    public void AddTo(Command command)
    {
        command.Add(_inventory);
        command.Add(_state);
        command.Add(_playbooks);
    }

    /// <summary>The command line says which inventory, state or playbooks of this machine are meant: then no server is.</summary>
    public bool NamesFiles(ParseResult parsed) =>
        new Option[] { _inventory, _state, _playbooks }.Any(option => parsed.GetResult(option) is { Implicit: false });

    /// <summary>Has a command do its work; what fails is an exception.</summary>
    public void SetAction(Command command, Func<ParseResult, RolloutSession, Task> body) => command.SetAction(async (parsed, _) =>
    {
        await WithSessionAsync(parsed, session => body(parsed, session));
        return 0;
    });

    public Task WithSessionAsync(ParseResult parsed, Func<RolloutSession, Task> body) =>
        WithSessionAsync(parsed, parsed.GetValue(_inventory)!, parsed.GetValue(_playbooks), body);

    /// <summary>The same with files that were kept of an earlier rollout.</summary>
    public Task WithSessionAsync(ParseResult parsed, AnsibleSettings kept, Func<RolloutSession, Task> body) =>
        WithSessionAsync(parsed, kept.Inventory, kept.PlaybookFolder, body);

    private async Task WithSessionAsync(ParseResult parsed, string inventory, string? playbooks, Func<RolloutSession, Task> body)
    {
        using var session = RolloutSession.Open(
            inventory, parsed.GetValue(_state) ?? Path.Combine(context.Settings(parsed).DataFolder, "rollout"), playbooks, context.Time);
        await body(session);
    }
}
