namespace Sandbox.Rollout.Ansible;

/// <summary>Where Ansible finds what it runs.</summary>
/// <param name="Inventory">The inventory file, in any form that Ansible reads.</param>
/// <param name="PlaybookFolder">The folder of the checkpoints' playbooks.</param>
/// <param name="PluginFolder">The folder of the callback plugin that prints a JSON line for each event.</param>
public sealed record AnsibleSettings(string Inventory, string PlaybookFolder, string PluginFolder)
{
    /// <summary>Variables over those of the inventory.</summary>
    public IReadOnlyDictionary<string, string> Variables { get; init; } = new Dictionary<string, string>();

    /// <summary>The environment in which every program of Ansible runs.</summary>
    internal IEnumerable<(string Name, string Value)> Environment =>
    [
        ("ANSIBLE_STDOUT_CALLBACK", "sandbox_lines"), ("ANSIBLE_CALLBACK_PLUGINS", PluginFolder),
        // A machine that is not who it was is refused; keys only, nobody is asked for a password.
        ("ANSIBLE_HOST_KEY_CHECKING", "True"), ("ANSIBLE_SSH_ARGS", "-o BatchMode=yes -o ControlMaster=auto -o ControlPersist=60s"),
        ("ANSIBLE_RETRY_FILES_ENABLED", "False"), ("ANSIBLE_DEPRECATION_WARNINGS", "False"), ("ANSIBLE_NOCOLOR", "1"),
        ("PYTHONUNBUFFERED", "1"), ("LC_ALL", "C.UTF-8"),
    ];
}
