using System.CommandLine;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Sandbox.Cli.Output;
using Sandbox.Cli.Terminals;
using Sandbox.Serving.Cml;
using Sandbox.Serving.Cml.Clusters;
using Sandbox.Serving.Cml.Configuration;
using Sandbox.Serving.Cml.Jobs;
using Sandbox.Serving.Cml.Rest;

namespace Sandbox.Cli.Commands;

/// <summary><c>serving deploy-cai, start-cai, status-cai, stop-cai</c>: a cluster on Cloudera ML.</summary>
internal sealed class CaiCommands
{
    private readonly CommandContext _context;
    private readonly Option<FileInfo?> _config = new("--config") { Description = "File with the cluster.", HelpName = "FILE" };

    private CaiCommands(CommandContext context) => _context = context;

    public static IEnumerable<Command> Create(CommandContext context)
    {
        var commands = new CaiCommands(context);
        return [commands.CreateDeploy(), commands.CreateStart(), commands.CreateStatus(), commands.CreateStop()];
    }

    private Command CreateDeploy()
    {
        var jobs = new Option<FileInfo?>("--jobs") { Description = "File with the jobs.", HelpName = "FILE" };
        var force = new Option<bool>("--force-rebuild")
        {
            Description = "Run also jobs whose last run has succeeded (FORCE_REBUILD=true).",
        };
        return Command(
            "deploy-cai", "Make the project on Cloudera ML and its jobs, run these and watch them to the end.", [jobs, force],
            async (parsed, settings, deployment) =>
            {
                var file = parsed.GetValue(jobs) ?? throw new CliException("--jobs is needed: a file with the jobs");
                var result = await deployment.RunAsync(
                    settings, JobsFile.Parse(await ReadAsync(file), file.FullName),
                    parsed.GetValue(force) || Variables().GetValueOrDefault("FORCE_REBUILD") is "true", _context.Asked);
                if (_context.Json(parsed))
                {
                    Printer.Json(result, CliJson.Default.CmlDeploymentResult);
                }
                else
                {
                    StandardStreams.WriteOutputLine($"project {result.Project}");
                    Printer.Lines(
                        ["JOB", "RUN", "RESULT"],
                        [.. result.Jobs.Select(job => new[] { job.Key, job.RunId, job.Skipped ? "skipped" : "succeeded" })]);
                }

                return 0;
            });
    }

    private Command CreateStart()
    {
        var workers = new Option<int?>("--workers") { Description = "Workers, instead of the file's.", HelpName = "N" };
        var noWait = new Option<bool>("--no-wait") { Description = "Do not wait until the workers run." };
        return Command(
            "start-cai", "Start a head and workers on Cloudera ML.", [workers, noWait],
            async (parsed, settings, deployment) =>
            {
                var cluster = settings.Cluster with
                {
                    NumWorkers = parsed.GetValue(workers) ?? settings.Cluster.NumWorkers,
                    WaitReady = settings.Cluster.WaitReady && !parsed.GetValue(noWait),
                };
                var (info, started) = await deployment.LaunchAsync(
                    settings with { Cluster = cluster }, Directory.GetCurrentDirectory(), _context.Asked);
                foreach (var warning in started.Warnings)
                {
                    StandardStreams.WriteErrorLine("sandbox: warning: " + warning);
                }

                if (_context.Json(parsed))
                {
                    Printer.Json(info, CliJson.Default.ClusterInfo);
                }
                else
                {
                    foreach (var line in info.Describe())
                    {
                        StandardStreams.WriteOutputLine(line);
                    }
                }

                return 0;
            });
    }

    private Command CreateStatus() => Command(
        "status-cai", "Tell how the cluster on Cloudera ML is, whichever process started it.", [],
        async (parsed, settings, deployment) =>
        {
            var status = await deployment.ManagerOf(settings).GetStatusAsync(_context.Asked);
            if (_context.Json(parsed))
            {
                Printer.Json(status, CliJson.Default.CmlClusterStatus);
                return 0;
            }

            StandardStreams.WriteOutputLine(
                status.Running ? $"running at {status.Address}, {status.TotalNodes} nodes" : $"not running ({status.Status})");
            ApplicationStatus[] nodes = [.. status.Head is { } head ? [head] : Array.Empty<ApplicationStatus>(), .. status.Workers];
            if (nodes.Length > 0)
            {
                Printer.Lines(
                    ["APPLICATION", "NAME", "STATUS"],
                    [
                        .. nodes.Select(node => new[]
                        {
                            node.Id, node.Name, node.Error is null ? node.Status : $"{node.Status}: {node.Error}",
                        }),
                    ]);
            }

            return 0;
        });

    private Command CreateStop() => Command(
        "stop-cai", "Delete the cluster on Cloudera ML; exit code 1 when there is none, or something is left.", [],
        async (parsed, settings, deployment) =>
        {
            var result = await deployment.StopAsync(settings, _context.Asked);
            if (!result.Stopped)
            {
                throw new CliException(
                    result.Errors.IsEmpty ? "no cluster was started" : "not all was deleted: " + string.Join("; ", result.Errors));
            }

            _context.Done(parsed, new Done("stopped"), $"stopped: {result.StoppedApps.Length} applications deleted");
            return 0;
        });

    private Command Command(
        string name, string description, IEnumerable<Option> options, Func<ParseResult, CmlSettings, CmlDeployment, Task<int>> body)
    {
        var command = new Command(name, description) { _config };
        foreach (var option in options)
        {
            command.Add(option);
        }

        command.SetAction(async (parsed, _) =>
        {
            try
            {
                var file = parsed.GetValue(_config) ?? throw new CliException("--config is needed: a file with the cluster");
                var settings = CmlSettings.Read(await ReadAsync(file), file.FullName, Variables());
                using var loggers = LoggerFactory.Create(builder =>
                    builder.AddConsole(console => console.LogToStandardErrorThreshold = LogLevel.Trace));
                using var client = new CmlClient(settings.Connection, _context.Time, loggers.CreateLogger<CmlClient>());
                return await body(parsed, settings, new CmlDeployment(client, _context.Time, loggers));
            }
            catch (Exception exception) when (exception is CmlConfigurationException or CmlException)
            {
                throw new CliException(exception.Message);
            }
        });
        return command;
    }

    private Task<string> ReadAsync(FileInfo file) => File.ReadAllTextAsync(file.FullName, _context.Asked);

    /// <summary>The whole environment: Cloudera ML has names of its own there.</summary>
    private static Dictionary<string, string> Variables() => new ConfigurationBuilder().AddEnvironmentVariables().Build().AsEnumerable()
        .Where(variable => variable.Value is not null).ToDictionary(variable => variable.Key, variable => variable.Value!);
}
