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
        var (programs, playbooks) = (Path.Combine(place, "bin"), Path.Combine(place, "playbooks"));
        Directory.CreateDirectory(programs);
        Directory.CreateDirectory(playbooks);
        File.WriteAllText(Path.Combine(place, "inventory.ini"), $"[head_nodes]\n{Machine} ansible_connection=local\n");
        foreach (var (name, text) in new[] { ("ansible-inventory", InventoryProgram), ("ansible-playbook", PlaybookProgram) })
        {
            File.WriteAllText(Path.Combine(programs, name), text);
            File.SetUnixFileMode(Path.Combine(programs, name), Executable);
        }

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
        AnsibleFolder = Path.Combine(place, "bin"),
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
