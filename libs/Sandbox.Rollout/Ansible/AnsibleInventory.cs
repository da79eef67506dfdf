using System.Collections.Immutable;
using System.Text.Json;
using Sandbox.Rollout.Plans;

namespace Sandbox.Rollout.Ansible;

/// <summary>The machines of an inventory, as Ansible itself reads it.</summary>
/// <param name="Machines">Their variables by their names.</param>
/// <param name="Heads">Names of the machines in the group head_nodes.</param>
/// <param name="Workers">Names of those in worker_nodes.</param>
public sealed record AnsibleInventory(
    ImmutableSortedDictionary<string, JsonElement> Machines, ImmutableArray<string> Heads, ImmutableArray<string> Workers)
{
    public const string HeadGroup = "head_nodes";

    public const string WorkerGroup = "worker_nodes";

    private static readonly string[] KnownGroups =
        ["all", "ungrouped", HeadGroup, WorkerGroup, "cluster", "ray_cluster"];

    /// <summary>Variables in which Ansible takes a password. A file is no place for one.</summary>
    private static readonly string[] Passwords =
    [
        "ansible_password", "ansible_pass", "ansible_ssh_pass", "ansible_ssh_password", "ansible_become_pass",
        "ansible_become_password", "ansible_sudo_pass",
    ];

    /// <exception cref="AnsibleException">It is missing or cannot be read, or has a group that no playbook knows, no head, or a
    /// password.</exception>
    public static async Task<AnsibleInventory> ReadAsync(AnsibleSettings settings, CancellationToken cancellationToken)
    {
        if (!File.Exists(settings.Inventory))
        {
            throw new AnsibleException($"The inventory {settings.Inventory} does not exist.");
        }

        var (exitCode, output, errors) = await AnsibleProgram.RunAsync(
            settings, "ansible-inventory", ["--inventory", settings.Inventory, "--list"], cancellationToken);
        if (exitCode != 0 || errors.Contains("Unable to parse", StringComparison.Ordinal))
        {
            throw new AnsibleException($"The inventory {settings.Inventory} cannot be read: {errors.Trim().ReplaceLineEndings(" ")}");
        }

        using var document = JsonDocument.Parse(output);
        return From(document.RootElement);
    }

    internal static AnsibleInventory From(JsonElement root)
    {
        var unknown = root.EnumerateObject().Select(group => group.Name)
            .FirstOrDefault(name => name is not "_meta" && !KnownGroups.Contains(name));
        if (unknown is not null)
        {
            throw new AnsibleException(
                $"The inventory has a group {unknown}, which no playbook knows: use {HeadGroup} and {WorkerGroup}.");
        }

        var machines = root.GetProperty("_meta").GetProperty("hostvars").EnumerateObject()
            .ToImmutableSortedDictionary(host => host.Name, host => host.Value.Clone(), StringComparer.Ordinal);
        var (heads, workers) = (HostsOf(root, HeadGroup), HostsOf(root, WorkerGroup));
        foreach (var (machine, variables) in machines)
        {
            if (variables.EnumerateObject().Select(variable => variable.Name).FirstOrDefault(Passwords.Contains) is { } name)
            {
                throw new AnsibleException($"The inventory has {name} of {machine}: no password in a file, use SSH keys.");
            }
        }

        if (heads.Length != 1)
        {
            throw new AnsibleException($"The inventory must have exactly one machine in {HeadGroup}, not {heads.Length}.");
        }

        // A machine of a group without variables is not among the variables.
        foreach (var bare in heads.Concat(workers).Where(name => !machines.ContainsKey(name)))
        {
            machines = machines.Add(bare, JsonDocument.Parse("{}").RootElement.Clone());
        }

        return new AnsibleInventory(machines, heads, workers);
    }

    /// <summary>The machines as a plan names them: with where and how they are reached, and what they are.</summary>
    public ImmutableSortedDictionary<string, string> Targets() => Machines.ToImmutableSortedDictionary(
        machine => machine.Key,
        machine => string.Join(
            ' ',
            Heads.Contains(machine.Key) ? HeadGroup : Workers.Contains(machine.Key) ? WorkerGroup : "ungrouped",
            Text(machine.Value, "ansible_connection") ?? "ssh",
            Text(machine.Value, "ansible_user") ?? "-",
            Text(machine.Value, "ansible_host") ?? machine.Key,
            Text(machine.Value, "ansible_port") ?? "22"),
        StringComparer.Ordinal);

    /// <summary>All variables as a plan has them; a secret's value only as a digest.</summary>
    public IEnumerable<KeyValuePair<string, string>> Variables() =>
        from machine in Machines
        from variable in machine.Value.EnumerateObject()
        select KeyValuePair.Create($"{machine.Key}.{variable.Name}", SecretNames.Shown(variable.Name, variable.Value.GetRawText()));

    private static ImmutableArray<string> HostsOf(JsonElement root, string group) =>
        root.TryGetProperty(group, out var found) && found.TryGetProperty("hosts", out var hosts)
            ? [.. hosts.EnumerateArray().Select(host => host.GetString()!)]
            : [];

    private static string? Text(JsonElement variables, string name) =>
        variables.TryGetProperty(name, out var value) ? value.ToString() : null;
}
