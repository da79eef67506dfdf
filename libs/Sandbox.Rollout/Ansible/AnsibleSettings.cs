using System.Collections.Immutable;
using Sandbox.Rollout.Checkpoints;

namespace Sandbox.Rollout.Ansible;

/// <summary>Where Ansible finds what it runs.</summary>
/// <param name="Inventory">The inventory file, in any form that Ansible reads.</param>
/// <param name="PlaybookFolder">The folder of the checkpoints' playbooks.</param>
/// <param name="ToolFolder">The folder of what a run needs beside its playbook (deploy/rollout).</param>
public sealed record AnsibleSettings(string Inventory, string PlaybookFolder, string ToolFolder)
{
    /// <summary>Where the programs of Ansible are; empty: on the path.</summary>
    public string ProgramFolder { get; init; } = "";

    /// <summary>The machines that a run is for, by their names in the inventory; empty for all of it.</summary>
    public ImmutableArray<string> Machines { get; init; } = [];

    /// <summary>The script in which a run's process lives.</summary>
    internal string RunScript => Path.Combine(ToolFolder, "run.sh");

    /// <summary>The environment in which every program of Ansible runs.</summary>
    internal IEnumerable<(string Name, string Value)> Environment =>
    [
        ("ANSIBLE_STDOUT_CALLBACK", "sandbox_lines"), ("ANSIBLE_CALLBACK_PLUGINS", Path.Combine(ToolFolder, "plugins")),
        // A machine that is not who it was is refused; keys only, nobody is asked for a password.
        ("ANSIBLE_HOST_KEY_CHECKING", "True"), ("ANSIBLE_SSH_ARGS", "-o BatchMode=yes -o ControlMaster=auto -o ControlPersist=60s"),
        // A task is one connection to the machine instead of three.
        ("ANSIBLE_PIPELINING", "True"),
        ("ANSIBLE_RETRY_FILES_ENABLED", "False"), ("ANSIBLE_DEPRECATION_WARNINGS", "False"), ("ANSIBLE_NOCOLOR", "1"),
        ("PYTHONUNBUFFERED", "1"), ("LC_ALL", "C.UTF-8"),
    ];

    internal string ProgramOf(string name) => Path.Combine(ProgramFolder, name);

    internal string PlaybookOf(Checkpoint checkpoint) => Path.Combine(PlaybookFolder, checkpoint.Playbook);
}
