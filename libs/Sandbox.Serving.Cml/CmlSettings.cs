using System.Collections.Immutable;
using Sandbox.Serving.Cml.Clusters;
using Sandbox.Serving.Cml.Configuration;
using Sandbox.Serving.Cml.Rest;

namespace Sandbox.Serving.Cml;

/// <summary>What a cluster on Cloudera ML is made of, from a YAML file and the environment.</summary>
public sealed record CmlSettings
{
    private static readonly string[] Known =
    [
        "cai.host", "cai.api_key", "cai.project_id", "cai.project_name", "cai.project_description", "cai.git_url", "cai.cluster_name",
        "cai.num_workers", "cai.resources.cpu", "cai.resources.memory", "cai.resources.num_gpus", "cai.head_resources.cpu",
        "cai.head_resources.memory", "cai.runtime_identifier", "cai.head_runtime_identifier", "cai.worker_runtime_identifier",
        "cai.head_script", "cai.worker_script", "cai.head_command", "cai.worker_command", "cai.timeout",
        "cai.wait_ready", "cai.virtual_environment", "cai.state_file", "cai.info_file",
        "ray.port", "ray.dashboard_port",
        "ray_cluster.num_workers", "ray_cluster.head_cpu", "ray_cluster.head_memory", "ray_cluster.worker_cpu",
        "ray_cluster.worker_memory", "ray_cluster.worker_gpus", "ray_cluster.ray_port", "ray_cluster.dashboard_port",
        // Of older files. The management API is on the one port of the head.
        "ray_cluster.management_api_port",
    ];

    public required CmlConnection Connection { get; init; }

    /// <summary>The project's id; null: <see cref="Project"/> is found or made.</summary>
    public string? ProjectId { get; init; }

    /// <summary>Null: only <see cref="ProjectId"/> is said.</summary>
    public NewProject? Project { get; init; }

    /// <summary>The image of the jobs: the variable <c>RUNTIME_IDENTIFIER</c>, else the file's.</summary>
    public string? RuntimeIdentifier { get; init; }

    public required CmlClusterOptions Cluster { get; init; }

    /// <summary>What the launchers run, which are then written at the start; null: they are in the project already.</summary>
    public LauncherOptions? Launchers { get; init; }

    /// <summary>Where the state of the cluster is kept.</summary>
    public required string StateFile { get; init; }

    /// <summary>Where it is written how the cluster is reached.</summary>
    public required string InfoFile { get; init; }

    /// <param name="text">The file; empty: the environment says all.</param>
    /// <param name="file">Its name, for messages.</param>
    /// <param name="environment">Variables by their names. A value of the file is taken before that of a variable.</param>
    /// <exception cref="CmlConfigurationException">Something is missing or cannot be; the message has all of it.</exception>
    public static CmlSettings Read(string text, string file, IReadOnlyDictionary<string, string> environment)
    {
        var yaml = YamlSettings.Read(text, file, Known);
        var connection = ConnectionOf(yaml, Variable);
        var runtime = Variable("RUNTIME_IDENTIFIER") ?? yaml.Find("cai.runtime_identifier");
        var settings = new CmlSettings
        {
            Connection = connection!,
            ProjectId = yaml.Find("cai.project_id") ?? Variable("CDSW_PROJECT_ID") ?? Variable("CML_PROJECT_ID"),
            Project = yaml.Find("cai.project_name") is { } projectName
                ? new NewProject(projectName, yaml.Find("cai.project_description") ?? "", yaml.Find("cai.git_url") ?? "") : null,
            RuntimeIdentifier = runtime,
            StateFile = yaml.Find("cai.state_file") ?? "cluster_state.json",
            InfoFile = yaml.Find("cai.info_file") ?? "ray_cluster_info.json",
            Cluster = new CmlClusterOptions
            {
                Name = yaml.Find("cai.cluster_name") ?? CmlClusterOptions.DefaultName,
                NumWorkers = Number(1, 0, 1000, "ray_cluster.num_workers", "cai.num_workers", "RAY_NUM_WORKERS"),
                Cpu = Number(16.0, 0.1, 1024, "ray_cluster.worker_cpu", "cai.resources.cpu", "RAY_WORKER_CPU"),
                Memory = Number(64.0, 0.1, 65536, "ray_cluster.worker_memory", "cai.resources.memory", "RAY_WORKER_MEMORY"),
                NumGpus = Number(0, 0, 64, "ray_cluster.worker_gpus", "cai.resources.num_gpus", "RAY_WORKER_GPUS"),
                HeadCpu = Optional("ray_cluster.head_cpu", "cai.head_resources.cpu", "RAY_HEAD_CPU"),
                HeadMemory = Optional("ray_cluster.head_memory", "cai.head_resources.memory", "RAY_HEAD_MEMORY"),
                HeadPort = Number(6379, 1, 65535, "ray_cluster.ray_port", "ray.port", "RAY_PORT"),
                DashboardPort = Number(8265, 1, 65535, "ray_cluster.dashboard_port", "ray.dashboard_port", "RAY_DASHBOARD_PORT"),
                RuntimeIdentifier = runtime,
                HeadRuntimeIdentifier = yaml.Find("cai.head_runtime_identifier") ?? Variable("HEAD_RUNTIME_IDENTIFIER"),
                WorkerRuntimeIdentifier = yaml.Find("cai.worker_runtime_identifier") ?? Variable("WORKER_RUNTIME_IDENTIFIER"),
                HeadScript = yaml.Find("cai.head_script") ?? "deploy/serving/cml/" + LauncherScripts.HeadName,
                WorkerScript = yaml.Find("cai.worker_script") ?? "deploy/serving/cml/" + LauncherScripts.WorkerName,
                WaitReady = Truth("cai.wait_ready", true),
                Timeout = TimeSpan.FromSeconds(Number(300, 1, 24 * 3600, "cai.timeout")),
            },
        };
        if (settings.ProjectId is null && settings.Project is null)
        {
            yaml.Complain("cai.project_id or cai.project_name is missing");
        }

        if (settings is { ProjectId: null, Project.GitUrl: "" })
        {
            yaml.Complain("cai.git_url is missing: a project that is made is a clone");
        }

        var (headCommand, workerCommand) = (Words("cai.head_command"), Words("cai.worker_command"));
        if (headCommand.IsEmpty != workerCommand.IsEmpty)
        {
            yaml.Complain("cai.head_command and cai.worker_command are given together, or neither");
        }

        yaml.ThrowIfWrong();
        return headCommand.IsEmpty ? settings : settings with
        {
            Launchers = new LauncherOptions
            {
                HeadCommand = headCommand,
                WorkerCommand = workerCommand,
                HeadPort = settings.Cluster.HeadPort,
                DashboardPort = settings.Cluster.DashboardPort,
                VirtualEnvironment = yaml.Find("cai.virtual_environment"),
            },
        };

        ImmutableArray<string> Words(string path) => [.. (yaml.Find(path) ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries)];

        string? Variable(string name) => environment.TryGetValue(name, out var value) && value.Length > 0 ? value : null;

        // A dot is in no variable's name.
        (string? Text, string Name) First(string[] names) =>
            names.Select(one => (Text: one.Contains('.', StringComparison.Ordinal) ? yaml.Find(one) : Variable(one), Name: one))
                .FirstOrDefault(one => one.Text is not null, (null, ""));

        T Number<T>(T fallback, T least, T most, params string[] names)
            where T : System.Numerics.INumber<T>
        {
            var (found, at) = First(names);
            return yaml.Number(at, found, fallback, least, most);
        }

        double? Optional(params string[] names) => First(names).Text is null ? null : Number(0, 0.1, 65536, names);

        bool Truth(string path, bool fallback)
        {
            switch (yaml.Find(path))
            {
                case null:
                    return fallback;
                case "true":
                    return true;
                case "false":
                    return false;
                case var other:
                    yaml.Complain($"{path} must be true or false, not '{other}'");
                    return fallback;
            }
        }
    }

    /// <summary>Null: it cannot be, and the file's problems say why.</summary>
    private static CmlConnection? ConnectionOf(YamlSettings yaml, Func<string, string?> variable)
    {
        var host = yaml.Find("cai.host") ?? variable("CML_HOST")
            ?? (variable("CDSW_DOMAIN") is { } domain ? "https://" + domain : null);
        var key = yaml.Find("cai.api_key") ?? variable("CML_API_KEY") ?? variable("CDSW_APIV2_KEY");
        if (host is null)
        {
            yaml.Complain("cai.host is missing, and so is the variable CML_HOST");
        }

        if (key is null)
        {
            yaml.Complain("cai.api_key is missing, and so is the variable CML_API_KEY");
        }

        if (host is null || key is null)
        {
            return null;
        }

        try
        {
            return CmlConnection.Create(host, key);
        }
        catch (CmlConfigurationException exception)
        {
            yaml.Complain(exception.Message);
            return null;
        }
    }
}
