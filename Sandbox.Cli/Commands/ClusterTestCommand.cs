using System.CommandLine;
using Sandbox.Cli.Clusters;
using Sandbox.Cli.Output;
using Sandbox.ClusterFile.Compose;
using Sandbox.ClusterFile.Rules;

namespace Sandbox.Cli.Commands;

/// <summary><c>cluster test</c>: a client and a worker on a network of their own, against the running cluster.</summary>
internal static class ClusterTestCommand
{
    public static Command Create(CommandContext context, Option<string> file)
    {
        var (up, down) =
            (Flag("--up", "Start the test's containers, and the cluster where it does not run."),
                Flag("--down", "Remove the test's containers; the cluster stays."));
        var (logs, collect) =
            (Flag("--logs", "Follow what they say."),
                Flag("--collect-logs", "Start them, follow the logs for --duration, and save everything about the cluster in a folder."));
        var duration = new Option<double>("--duration")
        {
            Description = "Minutes that --collect-logs follows the logs; Ctrl-C ends it earlier.",
            HelpName = "MIN",
            DefaultValueFactory = _ => 10
        };
        var head = new Option<string?>("--head") { Description = "Whom the test worker joins.", HelpName = "HOST:PORT" };
        var target = new Option<string?>("--target") { Description = "Which node they connect to: cpu or gpu." };
        target.AcceptOnlyFromAmong("cpu", "gpu");
        var test = new Command("test", "Test the cluster from a network of its own.") { up, down, logs, collect, duration, head, target };
        test.SetAction(async (parsed, _) =>
        {
            if (new[] { up, down, logs, collect }.Count(parsed.GetValue) > 1)
            {
                throw new CliException("only one of --up, --down, --logs and --collect-logs", ExitCodes.Usage);
            }

            if (parsed.GetValue(head) is { } address && !(HostAndPortAttribute.TryParse(address, out var place) && place.Port is not null))
            {
                throw new CliException($"--head takes HOST:PORT, not '{address}'", ExitCodes.Usage);
            }

            using var session = await ClusterSession.OpenAsync(context, parsed.GetValue(file)!);
            if (TestCluster.WhyNotTarget(session.Plan, parsed.GetValue(target)) is { } reason)
            {
                throw new CliException(reason);
            }

            var run = session.Test(parsed.GetValue(target), parsed.GetValue(head));
            return parsed.GetValue(up) ? await UpAsync(context, parsed, session, run)
                : parsed.GetValue(down) ? await DownAsync(context, session, run)
                : parsed.GetValue(logs) ? await run.LogsAsync([], follow: true, tail: null, context.Asked)
                : parsed.GetValue(collect)
                    ? await CollectAsync(context, parsed, session, run, TimeSpan.FromMinutes(parsed.GetValue(duration)))
                : Hint(session);
        });
        return test;
    }

    private static async Task<int> UpAsync(CommandContext context, ParseResult parsed, ClusterSession session, ClusterRun test)
    {
        var main = session.Main();
        if ((await main.StatesAsync(context.Asked)).Any(one => (bool?)one.Container?["State"]?["Running"] is not true))
        {
            ClusterSession.Say("→ the cluster does not run as a whole: it is started first");
            await session.EnsureImagesAsync(main, parsed, build: false);
            await session.PrepareAsync(main);
            if (await main.UpAsync([], detached: true, removeOrphans: false, context.Asked) is not 0 and var code)
            {
                return code;
            }
        }

        await session.EnsureImagesAsync(test, parsed, build: false);
        await session.PrepareAsync(test);
        return await test.UpAsync([], detached: true, removeOrphans: true, context.Asked);
    }

    private static async Task<int> DownAsync(CommandContext context, ClusterSession session, ClusterRun test)
    {
        var code = await test.DownAsync(volumes: true, removeOrphans: true, context.Asked);
        await test.RemoveSandboxesAsync(session.Plan.Project, TestCluster.NodeNames, context.Asked);
        return code;
    }

    private static async Task<int> CollectAsync(
        CommandContext context, ParseResult parsed, ClusterSession session, ClusterRun test, TimeSpan duration)
    {
        var folder = Path.Combine(session.Root, "cluster-logs", $"{context.Time.GetLocalNow():yyyyMMdd-HHmmss}");
        Directory.CreateDirectory(folder);
        if (await UpAsync(context, parsed, session, test) is not 0 and var code)
        {
            ClusterSession.Say($"⚠ the start ended with {code}; what there is, is saved");
        }

        using var end = new CancellationTokenSource(duration, context.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(context.Asked, end.Token);
        try
        {
            await test.LogsAsync([], follow: true, tail: null, either.Token);
        }
        catch (OperationCanceledException)
        {
            // Whoever ends it early wants the files, too.
        }

        var (files, bytes) = await new LogBundle(session.Engine, session.Plan, folder)
            .SaveAsync([session.Main(), test], CancellationToken.None);
        context.Done(parsed, new Done("collected"), $"{files} files, {bytes} bytes in {folder}");
        return 0;
    }

    private static int Hint(ClusterSession session)
    {
        ClusterSession.Say(
            $"{session.PathOf(ClusterFolder.TestText)} written. `sandbox cluster test --up` starts it, --logs follows it, --down removes "
                + $"it.");
        return 0;
    }

    private static Option<bool> Flag(string name, string description) => new(name) { Description = description };
}
