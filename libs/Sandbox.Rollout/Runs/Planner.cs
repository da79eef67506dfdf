using System.Collections.Immutable;
using System.Security.Cryptography;
using Sandbox.Rollout.Ansible;
using Sandbox.Rollout.Checkpoints;
using Sandbox.Rollout.Plans;

namespace Sandbox.Rollout.Runs;

/// <summary>Finds out what a run of a checkpoint would do: the files it reads, its machines, its variables, and what Ansible says in
/// its check mode.</summary>
public sealed class Planner(AnsibleSettings settings)
{
    public AnsibleSettings Settings => settings;

    /// <exception cref="AnsibleException">Ansible, the inventory or the playbook cannot be used.</exception>
    public Task<RolloutPlan> PlanAsync(Checkpoint checkpoint, CancellationToken cancellationToken) =>
        PlanAsync([checkpoint], cancellationToken);

    /// <summary>One plan for the checkpoints of a rollout. Those that need an approval are asked what they would change now; what a
    /// checkpoint finds changed by one before it cannot be known.</summary>
    /// <inheritdoc cref="PlanAsync(Checkpoint, CancellationToken)" path="/exception"/>
    public async Task<RolloutPlan> PlanAsync(IReadOnlyList<Checkpoint> checkpoints, CancellationToken cancellationToken)
    {
        var content = await ContentAsync(checkpoints, cancellationToken);
        var changes = ImmutableArray.CreateBuilder<string>();
        foreach (var checkpoint in checkpoints.Where(checkpoint => checkpoint.RequiresApproval))
        {
            var found = await ChangesAsync(settings.PlaybookOf(checkpoint), cancellationToken);
            changes.AddRange(checkpoints.Count == 1 ? found : found.Select(change => $"{checkpoint.Name}: {change}"));
        }

        return content with { Changes = changes.ToImmutable() };
    }

    /// <summary>The plan without what its machines say: <see cref="RolloutPlan.Changes"/> is empty.</summary>
    /// <inheritdoc cref="PlanAsync(Checkpoint, CancellationToken)" path="/exception"/>
    public async Task<RolloutPlan> ContentAsync(IReadOnlyList<Checkpoint> checkpoints, CancellationToken cancellationToken)
    {
        RequirePlaybooks(checkpoints);
        var inventory = await AnsibleInventory.ReadAsync(settings, cancellationToken);
        return new RolloutPlan
        {
            Checkpoints = [.. checkpoints.Select(checkpoint => checkpoint.Name)],
            Targets = Chosen(inventory.Targets()),
            Files = FilesOf(settings.PlaybookFolder, checkpoints.Select(settings.PlaybookOf)),
            Variables = inventory.Variables().ToImmutableSortedDictionary(StringComparer.Ordinal),
            Changes = [],
        };
    }

    /// <exception cref="AnsibleException">One of them is missing.</exception>
    public void RequirePlaybooks(IEnumerable<Checkpoint> checkpoints)
    {
        if (checkpoints.Select(settings.PlaybookOf).FirstOrDefault(playbook => !File.Exists(playbook)) is { } missing)
        {
            throw new AnsibleException($"The playbook {missing} does not exist.");
        }
    }

    /// <summary>The arguments of ansible-playbook for a playbook.</summary>
    internal IReadOnlyList<string> Arguments(string playbook, bool check) =>
    [
        "--inventory", settings.Inventory, .. check ? (string[])["--check", "--diff"] : [],
        .. settings.Machines.IsEmpty ? (string[])[] : ["--limit", string.Join(',', settings.Machines)], playbook,
    ];

    private ImmutableSortedDictionary<string, string> Chosen(ImmutableSortedDictionary<string, string> all)
    {
        // Also what Ansible would read as a pattern is none of the inventory's names.
        var unknown = settings.Machines.FirstOrDefault(machine => !all.ContainsKey(machine));
        return unknown is not null ? throw new AnsibleException($"The inventory has no machine {unknown}.")
            : settings.Machines.IsEmpty ? all
            : all.RemoveRange(all.Keys.Except(settings.Machines));
    }

    /// <summary>The playbooks themselves, and all that playbooks share: roles, templates, files and tasks in folders beside it.</summary>
    private static ImmutableSortedDictionary<string, string> FilesOf(string folder, IEnumerable<string> playbooks) =>
        Directory.EnumerateDirectories(folder)
            .SelectMany(shared => Directory.EnumerateFiles(shared, "*", SearchOption.AllDirectories))
            .Concat(playbooks)
            .ToImmutableSortedDictionary(path => Path.GetRelativePath(folder, path), DigestOf, StringComparer.Ordinal);

    private static string DigestOf(string path)
    {
        using var file = File.OpenRead(path);
        return Convert.ToHexStringLower(SHA256.HashData(file));
    }

    private async Task<ImmutableArray<string>> ChangesAsync(string playbook, CancellationToken cancellationToken)
    {
        var (exitCode, output, errors) = await AnsibleProgram.RunAsync(
            settings, "ansible-playbook", Arguments(playbook, check: true), cancellationToken);
        var events = output.Split('\n').Select(AnsibleEvent.Parse).OfType<AnsibleEvent>().ToList();
        if (events.Count == 0)
        {
            throw new AnsibleException($"Ansible did not check {playbook} ({exitCode}): {errors.Trim().ReplaceLineEndings(" ")}");
        }

        // Machines are asked side by side: the order in which they answer says nothing.
        return
        [
            .. events.Where(happened => happened is { Kind: "result", Status: "changed" or "failed" or "unreachable" })
                .Select(happened => $"{happened.Host}: {happened.Status}: {happened.Name}{Rest(happened)}")
                .Order(StringComparer.Ordinal),
        ];
    }

    private static string Rest(AnsibleEvent happened) => happened.Message is { Length: > 0 } text ? $": {text}" : "";
}
