using System.CommandLine;
using System.Globalization;
using Sandbox.Cli.Clusters;
using Sandbox.Cli.Output;
using Sandbox.Cli.Terminals;
using Sandbox.ClusterFile;
using Sandbox.ClusterFile.Compose;
using Sandbox.Contracts.Management;

namespace Sandbox.Cli.Commands;

/// <summary><c>cluster</c>: a whole cluster on this machine, from <c>cluster.yaml</c>.</summary>
internal static class ClusterCommand
{
    private static readonly string[] Columns = ["SERVICE", "TYPE", "STATE", "HEALTH", "URL"];

    public static Command Create(CommandContext context)
    {
        var file = new Option<string>("--file")
        {
            Description = "The cluster's file.",
            HelpName = "FILE",
            DefaultValueFactory = _ => ClusterFileReader.Name,
            Recursive = true
        };
        return new Command("cluster", "Run a cluster on this machine, as cluster.yaml describes it.")
        {
            file,
            CreateInit(context, file),
            CreateSchema(file),
            CreateGenerate(context, file),
            CreateUp(context, file),
            CreateDown(context, file),
            CreateStates(context, file, "ps", "List the containers, running or not.", defaultAll: true),
            CreateStates(context, file, "status", "List the services that run, with their URLs.", defaultAll: false),
            CreateLogs(context, file),
            ClusterTestCommand.Create(context, file),
            CreateResources(context),
        };
    }

    public static Option<int?> TailOption() => new("--tail") { Description = "So many last lines of each.", HelpName = "N" };

    public static Argument<string[]> ServicesArgument() => new("SERVICE") { Description = "Only these.", Arity = ArgumentArity.ZeroOrMore };

    public static void CheckServices(ComposeFile file, IEnumerable<string> services)
    {
        if (services.FirstOrDefault(name => file.Find(name) is null) is { } unknown)
        {
            throw new CliException(
                $"there is no service {unknown}; there are {string.Join(", ", file.Services.Select(service => service.Name))}",
                ExitCodes.Usage);
        }
    }

    private static Command CreateInit(CommandContext context, Option<string> file)
    {
        var force = new Option<bool>("--force") { Description = "Write them although they are there." };
        var init = new Command("init", "Write cluster.yaml, its schema, and a .env with a random database password.") { force };
        init.SetAction(parsed =>
        {
            var path = Path.GetFullPath(parsed.GetValue(file)!);
            if (File.Exists(path) && !parsed.GetValue(force))
            {
                throw new CliException($"{path} is there already; --force writes it anew");
            }

            ClusterExample.Write(path);
            context.Done(
                parsed, new Done("created"), $"{path} written, with {ClusterSchema.Name} and {ClusterFileReader.EnvName} beside it");
            return 0;
        });
        return init;
    }

    private static Command CreateSchema(Option<string> file)
    {
        var print = new Option<bool>("--print") { Description = "On standard output, instead of into the file." };
        var schema = new Command("schema", $"Write {ClusterSchema.Name}, which tells editors what cluster.yaml may hold.") { print };
        schema.SetAction(parsed =>
        {
            if (parsed.GetValue(print))
            {
                StandardStreams.WriteOutputLine(ClusterSchema.Write().TrimEnd());
                return 0;
            }

            var path = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(parsed.GetValue(file)!))!, ClusterSchema.Name);
            File.WriteAllText(path, ClusterSchema.Write());
            StandardStreams.WriteOutputLine($"{path} written");
            return 0;
        });
        return schema;
    }

    private static Command CreateGenerate(CommandContext context, Option<string> file)
    {
        var generate = new Command("generate", "Write the compose files.");
        generate.SetAction(async (parsed, _) =>
        {
            using var session = await ClusterSession.OpenAsync(context, parsed.GetValue(file)!);
            session.Main();
            session.Test(null, null);
            ClusterSession.Say($"{session.PathOf(ClusterFolder.MainText)} and {ClusterFolder.TestText} beside it written");
            return 0;
        });
        return generate;
    }

    private static Command CreateUp(CommandContext context, Option<string> file)
    {
        var detach = new Option<bool>("--detach", "-d") { Description = "Do not follow the logs." };
        var build = new Option<bool>("--build") { Description = "Build the images anew where a source changed." };
        var orphans = new Option<bool>("--remove-orphans") { Description = "Remove containers that cluster.yaml has no more." };
        var services = ServicesArgument();
        var up = new Command("up", "Start the cluster, or bring it to what cluster.yaml says now.") { detach, build, orphans, services };
        up.SetAction(async (parsed, _) =>
        {
            using var session = await ClusterSession.OpenAsync(context, parsed.GetValue(file)!);
            var main = session.Main();
            CheckServices(main.File, parsed.GetValue(services)!);
            await session.EnsureImagesAsync(main, parsed, parsed.GetValue(build));
            await session.PrepareAsync(main);
            return await main.UpAsync(parsed.GetValue(services)!, parsed.GetValue(detach), parsed.GetValue(orphans), context.Asked);
        });
        return up;
    }

    private static Command CreateDown(CommandContext context, Option<string> file)
    {
        var volumes = new Option<bool>("--volumes", "-v") { Description = "With the database, the nodes' data, and the sandboxes." };
        var orphans = new Option<bool>("--remove-orphans") { Description = "Remove containers that cluster.yaml has no more." };
        var down = new Command("down", "Remove the cluster and its test; sandboxes go on for ten minutes.") { volumes, orphans };
        down.SetAction(async (parsed, _) =>
        {
            using var session = await ClusterSession.OpenAsync(context, parsed.GetValue(file)!);
            var (main, test) = (session.Main(), session.Test(null, null));
            var codes =
                (await test.DownAsync(volumes: true, removeOrphans: true, context.Asked),
                    await main.DownAsync(parsed.GetValue(volumes), parsed.GetValue(orphans), context.Asked));
            if (parsed.GetValue(volumes))
            {
                // Without their records they belong to nobody.
                await main.RemoveSandboxesAsync(session.Plan.Project, [], context.Asked);
                string[] folders = [.. session.Plan.DataFolders, session.Plan.AgentFolder, session.Plan.SecretFolder];
                foreach (var folder in folders.Where(Directory.Exists))
                {
                    Directory.Delete(folder, recursive: true);
                }
            }

            return Math.Max(codes.Item1, codes.Item2);
        });
        return down;
    }

    private static Command CreateStates(CommandContext context, Option<string> file, string verb, string description, bool defaultAll)
    {
        var all = new Option<bool>("--all", "-a") { Description = "Those that do not run, too." };
        var states = new Command(verb, description) { all };
        states.SetAction(async (parsed, _) =>
        {
            using var session = await ClusterSession.OpenAsync(context, parsed.GetValue(file)!);
            var rows = new List<ClusterServiceRow>();
            foreach (var run in new[] { session.Main(), session.Test(null, null) })
            {
                rows.AddRange((await run.StatesAsync(context.Asked)).Select(one => new ClusterServiceRow(
                    one.Service.Name, one.Service.Kind, (string?)one.Container?["State"]?["Status"] ?? "absent",
                    (string?)one.Container?["State"]?["Health"]?["Status"], one.Service.Url)));
            }

            var shown = rows.Where(row => row.State == "running" || parsed.GetValue(all) || (defaultAll && row.State != "absent")).ToList();
            Printer.Rows(context.Json(parsed), shown, CliJson.Default.IReadOnlyListClusterServiceRow, Columns, row =>
                [row.Service, row.Type, row.State, row.Health ?? "", row.Url ?? ""]);
            return 0;
        });
        return states;
    }

    private static Command CreateLogs(CommandContext context, Option<string> file)
    {
        var follow = new Option<bool>("--follow", "-f") { Description = "Go on with what comes." };
        var (tail, services) = (TailOption(), ServicesArgument());
        var logs = new Command("logs", "Show what the containers said.") { follow, tail, services };
        logs.SetAction(async (parsed, _) =>
        {
            using var session = await ClusterSession.OpenAsync(context, parsed.GetValue(file)!);
            var main = session.Main();
            CheckServices(main.File, parsed.GetValue(services)!);
            return await main.LogsAsync(parsed.GetValue(services)!, parsed.GetValue(follow), parsed.GetValue(tail), context.Asked);
        });
        return logs;
    }

    /// <summary>Speaks to a server like any other command; the test's client prints it.</summary>
    private static Command CreateResources(CommandContext context)
    {
        var resources = new Command("resources", "Add up what the nodes of a server (SANDBOX_URL) have.");
        resources.SetAction((parsed, _) => context.WithServerAsync(parsed, async client =>
        {
            var nodes = (await client.NodesAsync(context.Asked)).Where(node => node.State is "alive" or "suspect").ToList();
            var sum = new ClusterResources(
                nodes.Count, nodes.Sum(node => node.Capacity.Cpus ?? 0), nodes.Sum(node => node.Capacity.MemoryBytes ?? 0),
                nodes.Sum(node => node.Capacity.Gpus ?? 0));
            if (context.Json(parsed))
            {
                Printer.Json(sum, CliJson.Default.ClusterResources);
                return 0;
            }

            StandardStreams.WriteOutputLine(string.Create(CultureInfo.InvariantCulture, $"Nodes: {sum.Nodes}"));
            StandardStreams.WriteOutputLine(string.Create(CultureInfo.InvariantCulture, $"CPU: {sum.Cpus:0.0#}"));
            StandardStreams.WriteOutputLine(
                string.Create(CultureInfo.InvariantCulture, $"Memory: {sum.MemoryBytes / (double)(1L << 30):0.##} GiB"));
            StandardStreams.WriteOutputLine(string.Create(CultureInfo.InvariantCulture, $"GPU: {sum.Gpus:0.##}"));
            nodes.ForEach(node => StandardStreams.WriteOutputLine(Line(node)));
            return 0;
        }));
        return resources;
    }

    private static string Line(NodeResult node) => string.Create(
        CultureInfo.InvariantCulture,
        $"  {node.Name}\t{node.State}\tCPU {node.Capacity.Cpus:0.##}\tsandboxes {node.Sandboxes}\t{node.Address}");
}
