using Sandbox.Rollout.Checkpoints;
using Sandbox.Rollout.Stores;
using Sandbox.Storage;

namespace Sandbox.Rollout.Tests.Runs;

/// <summary>Rollouts whose Ansible is a shell script that runs a playbook as one: for the life of a run, of which Ansible is no part, and
/// in a tenth of its time.</summary>
internal static class StandInAnsible
{
    /// <summary>The one machine of the inventory.</summary>
    public const string Machine = "one";

    /// <summary>A playbook that leaves the checkpoint's name in the file effects.</summary>
    public const string Effect = """
        echo '{"event":"play","name":"act"}'
        echo NAME >>"$place/effects"
        echo '{"event":"record","host":"one","detail":{"did":"NAME"}}'
        """;

    /// <summary>The same, once there is a file go.</summary>
    public const string WaitingEffect = $$"""
        echo '{"event":"task","name":"wait"}'
        while [ ! -e "$place/go" ]; do sleep 0.05; done
        {{Effect}}
        """;

    /// <summary>A playbook of the real Ansible that does as <see cref="Effect"/>.</summary>
    public const string RealEffect = """
        - name: act
          hosts: head_nodes
          gather_facts: false
          tasks:
            - name: append
              ansible.builtin.shell: echo NAME >>"{{ inventory_dir }}/effects"
            - name: tell
              ansible.builtin.set_fact:
                checkpoint_record: {did: NAME}
        """;

    private const UnixFileMode Executable = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private const string InventoryProgram = """
        #!/bin/sh
        echo '{"_meta":{"hostvars":{"one":{"ansible_connection":"local"}}},"head_nodes":{"hosts":["one"]}}'
        """;

    private const string PlaybookProgram = """
        #!/bin/sh
        for playbook; do :; done
        place=$(dirname "$playbook")/..
        export place
        case " $* " in *" --check "*) echo '{"event":"play","name":"check"}'; exit 0;; esac
        exec sh "$playbook"
        """;

    /// <summary>Puts it, an inventory and playbooks into a folder.</summary>
    /// <param name="playbook">What each checkpoint does, with NAME for its name; its folder is <c>$place</c>.</param>
    public static void Write(string place, string playbook)
    {
        var programs = Directory.CreateDirectory(Path.Combine(place, "bin")).FullName;
        foreach (var (name, text) in new[] { ("ansible-inventory", InventoryProgram), ("ansible-playbook", PlaybookProgram) })
        {
            File.WriteAllText(Path.Combine(programs, name), text);
            File.SetUnixFileMode(Path.Combine(programs, name), Executable);
        }

        WriteForReal(place, playbook);
    }

    /// <summary>The same for the Ansible that is installed.</summary>
    /// <param name="playbook">One of Ansible's own, with NAME for the checkpoint's name.</param>
    public static void WriteForReal(string place, string playbook)
    {
        var playbooks = Directory.CreateDirectory(Path.Combine(place, "playbooks")).FullName;
        File.WriteAllText(
            Path.Combine(place, "inventory.ini"),
            $"[head_nodes]\n{Machine} ansible_connection=local ansible_python_interpreter=/usr/bin/python3\n");
        foreach (var checkpoint in CheckpointCatalog.All)
        {
            File.WriteAllText(
                Path.Combine(playbooks, checkpoint.Playbook), playbook.Replace("NAME", checkpoint.Name, StringComparison.Ordinal) + "\n");
        }
    }

    public static RolloutOptions Options(string place, string state = "state") => new()
    {
        StateFolder = Path.Combine(place, state),
        Inventory = Path.Combine(place, "inventory.ini"),
        PlaybookFolder = Path.Combine(place, "playbooks"),
        AnsibleFolder = Directory.Exists(Path.Combine(place, "bin")) ? Path.Combine(place, "bin") : "",
        StopPatience = TimeSpan.FromMilliseconds(200),
    };

    /// <param name="store">Null: that of the state folder.</param>
    public static RolloutEngine Open(
        string place, TimeProvider time, Func<IRolloutStore, IRolloutStore>? store = null, string state = "state") =>
        RolloutEngine.Open(
            Options(place, state), database => store is null ? RolloutStores.Open(database) : store(RolloutStores.Open(database)), time);

    /// <summary>What happened on the machine, in order.</summary>
    public static string[] EffectsIn(string place) =>
        File.Exists(Path.Combine(place, "effects")) ? File.ReadAllLines(Path.Combine(place, "effects")) : [];
}
