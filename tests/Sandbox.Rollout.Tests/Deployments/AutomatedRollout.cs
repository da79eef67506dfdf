using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Sandbox.Rollout.Checkpoints;
using Sandbox.Rollout.Records;
using Sandbox.Rollout.Runs;
using Sandbox.Rollout.Webhooks;
using Sandbox.Storage;
using Sandbox.Testing;

namespace Sandbox.Rollout.Tests.Deployments;

/// <summary>Real Ansible against two machines that are this one, with a playbook of the test's own for each checkpoint, and all that runs
/// rollouts without a person.</summary>
internal sealed class AutomatedRollout : IDisposable
{
    public static readonly DateTimeOffset Start = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private static readonly string[] Machines = ["one", "two"];

    private readonly TempFolder _folder = new();

    public AutomatedRollout(FakeTimeProvider? time = null, bool allowPrivate = false)
    {
        Time = time ?? new FakeTimeProvider(Start);
        Directory.CreateDirectory(Playbooks);
        foreach (var checkpoint in CheckpointCatalog.All)
        {
            Write(checkpoint, "ran");
        }

        File.WriteAllText(Inventory, $"""
            [head_nodes]
            one

            [worker_nodes]
            two

            [all:vars]
            ansible_connection=local
            ansible_python_interpreter=/usr/bin/python3
            marks={_folder.File("marks")}

            """);
        Stores = null!;
        Engine = RolloutEngine.Open(
            new RolloutOptions { StateFolder = StatePath, Inventory = Inventory, PlaybookFolder = Playbooks },
            path => (Stores = RolloutStores.OpenAll(path)).Rollouts, Time);
        Automation = new RolloutAutomation(
            Engine, new DirectRunStarter(), Stores.History, new WebhookOptions { AllowPrivate = allowPrivate }, Time,
            NullLogger<RolloutAutomation>.Instance);
    }

    public FakeTimeProvider Time { get; }

    public RolloutStoreSet Stores { get; private set; }

    public RolloutEngine Engine { get; }

    public RolloutAutomation Automation { get; }

    public string StatePath => _folder.File("state");

    public string Inventory => _folder.File("inventory.ini");

    public string Playbooks => _folder.File("playbooks");

    /// <summary>What the playbooks did, a line for each machine.</summary>
    public string[] Marks => File.Exists(_folder.File("marks")) ? File.ReadAllLines(_folder.File("marks")) : [];

    /// <summary>Makes a checkpoint's playbook one that leaves a mark, and, where it is <c>fail</c>, fails.</summary>
    public void Write(Checkpoint checkpoint, string mark) => File.WriteAllText(
        Path.Combine(Playbooks, checkpoint.Playbook),
        $$$"""
        - name: Leave a mark
          hosts: all
          gather_facts: false
          tasks:
            - name: append
              ansible.builtin.shell: echo "{{{mark}}} {{ inventory_hostname }}" >>"{{ marks }}"
            - name: end
              ansible.builtin.fail: {msg: it was to fail}
              when: "'{{{mark}}}' == 'fail'"
            - name: tell
              ansible.builtin.set_fact:
                checkpoint_record: {mark: "{{{mark}}}"}
        """);

    /// <summary>Has all checkpoints before one passed, on both machines.</summary>
    public Task PassedBeforeAsync(Checkpoint checkpoint) => Stores.Rollouts.WriteRecordsAsync(
        [
            .. from earlier in CheckpointCatalog.All
               where earlier.Number < checkpoint.Number
               from node in Machines
               select new CheckpointRecord(
                   earlier.Name, node, Guid.NewGuid(), RecordStatus.Passed, Start, JsonSerializer.SerializeToElement(new { })),
        ],
        default);

    public async Task<IReadOnlyList<string>> ActionsAsync() =>
        [.. (await Stores.Rollouts.AuditAsync(0, 1000, default)).Select(entry => entry.Action)];

    public void Dispose()
    {
        Automation.Dispose();
        Stores.Dispose();
        _folder.Dispose();
    }
}
