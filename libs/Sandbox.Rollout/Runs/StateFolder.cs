using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Sandbox.Contracts.Files;
using Sandbox.Rollout.Checkpoints;
using Sandbox.Rollout.Executions;
using Sandbox.Rollout.Records;

namespace Sandbox.Rollout.Runs;

/// <summary>The folder of a rollout's state, mode 0700: the runs' folders, and for other tools the records as files.</summary>
public sealed class StateFolder
{
    private const string Complete = "deployment-complete.json";

    private const string Failure = "deployment-failure.json";

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    private readonly string _path;

    private StateFolder(string path, string host) => (_path, Host) = (path, host);

    /// <summary>Which folder this is, wherever it is mounted: the machine that it was made on, and a number.</summary>
    public string Host { get; }

    /// <summary>Where the store of one machine lies.</summary>
    public string Database => Path.Combine(_path, "rollout.db");

    /// <exception cref="IOException">It cannot be made.</exception>
    /// <exception cref="UnauthorizedAccessException">It cannot be made, or others may look into it.</exception>
    public static StateFolder Open(string path)
    {
        var folder = Path.GetFullPath(path);
        OwnerOnlyFile.EnsureFolder(folder);
        if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(folder) & ~OwnerOnlyFile.FolderMode) != 0)
        {
            throw new UnauthorizedAccessException($"Others may look into {folder}: chmod 700 it, or choose another folder.");
        }

        var host = OwnerOnlyFile.ReadOrCreate(
            Path.Combine(folder, "host"), () => Encoding.UTF8.GetBytes($"{Environment.MachineName}/{Guid.NewGuid():N}"));
        return new StateFolder(folder, Encoding.UTF8.GetString(host).Trim());
    }

    /// <summary>Where a person may write a consent to a checkpoint's next run.</summary>
    public string ApprovalFileOf(Checkpoint checkpoint) => At($"checkpoint-{checkpoint.Name}-approved");

    /// <summary>The folder of what is kept for rollbacks.</summary>
    internal string Bundles => Path.Combine(_path, "bundles");

    internal RunFolder RunOf(Guid execution) => new(_path, execution);

    /// <summary>The runs of which nothing says how their program ended: some of them may go on.</summary>
    internal IReadOnlyList<Guid> RunsWithoutExit() =>
    [
        .. (Directory.Exists(At(RunFolder.Parent)) ? Directory.EnumerateDirectories(At(RunFolder.Parent)) : [])
            .Select(folder => Guid.TryParse(Path.GetFileName(folder), out var run) ? run : default)
            .Where(run => run != default && RunOf(run).Exit is null),
    ];

    /// <summary>The records, a file each.</summary>
    internal void Write(IEnumerable<CheckpointRecord> records)
    {
        foreach (var record in records)
        {
            var checkpoint = CheckpointCatalog.Find(record.Checkpoint);
            var document = new JsonObject
            {
                ["checkpoint"] = record.Checkpoint,
                ["timestamp"] = record.Timestamp.ToUniversalTime().ToString("O"),
                ["node"] = record.Node,
                ["status"] = StatusWord.Of(record.Status),
                ["approval_required"] = checkpoint?.RequiresApproval ?? false,
                ["destructive_operation"] = checkpoint?.IsDestructive ?? false,
            };
            if (record.Detail.ValueKind is JsonValueKind.Object)
            {
                foreach (var property in record.Detail.EnumerateObject().Where(property => !document.ContainsKey(property.Name)))
                {
                    document[property.Name] = JsonNode.Parse(property.Value.GetRawText());
                }
            }

            Write($"checkpoint-{record.Checkpoint}-{FileNameOf(record.Node)}.json", document);
        }
    }

    /// <summary>Writes that all went well; that something failed is no longer true.</summary>
    public void WriteComplete(IEnumerable<string> completed, IEnumerable<string> skipped, bool isAutoApproved, DateTimeOffset at)
    {
        Write(Complete, new JsonObject
        {
            ["status"] = "COMPLETED",
            ["completed_at"] = at.ToUniversalTime().ToString("O"),
            ["checkpoints_completed"] = Names(completed),
            ["checkpoints_skipped"] = Names(skipped),
            ["auto_approved"] = isAutoApproved,
        });
        File.Delete(At(Failure));
    }

    /// <summary>Writes what failed and how to go on; that all went well is no longer true.</summary>
    public void WriteFailure(
        string checkpoint, string error, IEnumerable<string> completed, IEnumerable<string> skipped, DateTimeOffset at)
    {
        Write(Failure, new JsonObject
        {
            ["failed_checkpoint"] = checkpoint,
            ["error"] = error,
            ["timestamp"] = at.ToUniversalTime().ToString("O"),
            ["completed_checkpoints"] = Names(completed),
            ["skipped_checkpoints"] = Names(skipped),
            ["resume"] = ResumeOf(checkpoint),
        });
        File.Delete(At(Complete));
    }

    /// <summary>Takes out what is no longer true once a run of a checkpoint has begun: what its last run came to, and that all went
    /// well.</summary>
    internal void Withdraw(Execution begun)
    {
        var records = begun.IsPartial
            ? begun.Targets.Split(',').Select(node => At($"checkpoint-{begun.Checkpoint}-{FileNameOf(node)}.json"))
            : Directory.EnumerateFiles(_path, $"checkpoint-{begun.Checkpoint}-*.json");
        foreach (var file in records.Append(At(Complete)))
        {
            File.Delete(file);
        }
    }

    /// <summary>The command that goes on after a failure.</summary>
    public static string ResumeOf(string checkpoint) => $"sandbox deploy --deploy --start-from {checkpoint}";

    /// <summary>Takes the files of records, consents and the last validation out.</summary>
    public void Clear()
    {
        foreach (var file in Directory.EnumerateFiles(_path, "checkpoint-*.json")
            .Concat(Directory.EnumerateFiles(_path, "final-validation-report.*"))
            .Concat(CheckpointCatalog.All.Select(ApprovalFileOf)).Append(At(Complete)).Append(At(Failure)))
        {
            File.Delete(file);
        }
    }

    private static JsonArray Names(IEnumerable<string> names) => [.. names.Select(name => JsonValue.Create(name))];

    private static string FileNameOf(string node) =>
        string.Concat(node.Select(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '.' ? letter : '_')).TrimStart('.');

    private void Write(string name, JsonObject document) => OwnerOnlyFile.Write(At(name), document.ToJsonString(Indented) + "\n");

    private string At(string name) => Path.Combine(_path, name);
}
