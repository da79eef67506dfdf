using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Sandbox.ClusterFile.Compose;

namespace Sandbox.Cli.Clusters;

/// <summary>What somebody wants to see who was not there: every log, what the engine says of each container, and of each node what
/// it thinks of the cluster and which files it has. Secrets are left out.</summary>
internal sealed class LogBundle(EngineApi engine, ClusterPlan plan, string folder)
{
    // Nothing escaped that need not be, so that a secret is found as it is.
    private static readonly JsonSerializerOptions Indented =
        new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <returns>How many files, and how many bytes in all.</returns>
    public async Task<(int Files, long Bytes)> SaveAsync(IReadOnlyList<ClusterRun> runs, CancellationToken cancellationToken)
    {
        var table = new List<string>();
        foreach (var run in runs)
        {
            var whole = new List<string>();
            foreach (var (service, container) in await run.StatesAsync(cancellationToken))
            {
                table.Add(
                    string.Join(
                        '\t', run.File.Project, service.Name, service.ContainerName, (string?)container?["State"]?["Status"] ?? "absent",
                        service.Image, (string?)container?["Image"]));
                var lines = new List<string>();
                if (container is not null)
                {
                    await new EngineLogs(engine, lines.Add)
                        .CopyAsync(service.ContainerName, "", follow: false, tail: null, cancellationToken);
                    Write(Path.Combine("inspect", $"{service.Name}.json"), container.ToJsonString(Indented));
                }

                Write(Path.Combine("services", $"{service.Name}.log"), string.Join('\n', lines));
                whole.AddRange(lines.Select(line => $"{service.Name} | {line}"));
                Write(Path.Combine("nodes", service.Name, "files.txt"), FilesOf(service));
                Write(Path.Combine("nodes", service.Name, "status.txt"), container is null ? "N/A" : StatusOf(service, container));
            }

            Write($"{run.File.Project}.log", string.Join('\n', whole));
        }

        Write("containers.txt", string.Join('\n', table));
        var files = Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Select(file => new FileInfo(file).Length).ToList();
        return (files.Count, files.Sum());
    }

    private static string StatusOf(ComposeService service, JsonNode container) => string.Join(
        '\n',
        $"service {service.Name}",
        $"state {container["State"]?["Status"]}",
        $"health {container["State"]?["Health"]?["Status"] ?? "N/A"}",
        $"exit code {container["State"]?["ExitCode"]}",
        $"started {container["State"]?["StartedAt"]}");

    /// <summary>Names and sizes of what a node keeps; sockets and links are no files.</summary>
    private static string FilesOf(ComposeService service)
    {
        var data = service.Mounts.FirstOrDefault(
            mount => mount is { IsVolume: false, ReadOnly: false } && mount.Source == mount.Target)?.Source;
        return data is null || !Directory.Exists(data) ? "N/A" : FilesOf(data);
    }

    /// <summary>A node that runs makes and removes files meanwhile.</summary>
    internal static string FilesOf(string data)
    {
        var options =
            new EnumerationOptions
            {
                RecurseSubdirectories = true,
                IgnoreInaccessible = true,
                AttributesToSkip = FileAttributes.ReparsePoint | FileAttributes.Device
            };
        return string.Join('\n', new DirectoryInfo(data).EnumerateFiles("*", options)
            .Select(file => LengthOf(file) is { } length
                ? string.Create(CultureInfo.InvariantCulture, $"{length,12} {Path.GetRelativePath(data, file.FullName)}")
                : null)
            .OfType<string>());
    }

    /// <summary>Null: the node has removed it since it was listed.</summary>
    private static long? LengthOf(FileInfo file)
    {
        try
        {
            return file.Length;
        }
        catch (FileNotFoundException)
        {
            return null;
        }
    }

    private void Write(string name, string text)
    {
        var path = Path.Combine(folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        string?[] secrets =
            [plan.Settings.Services.Postgres.Password, plan.Settings.Services.Postgres.Connection, plan.Secrets.Cluster, plan.Secrets.Redis,
                plan.Secrets.ApiKey];
        File.WriteAllText(
            path, secrets.Where(secret => !string.IsNullOrEmpty(secret))
            .Aggregate(text, (shown, secret) => shown.Replace(secret!, "(secret)", StringComparison.Ordinal)) + "\n");
    }
}
