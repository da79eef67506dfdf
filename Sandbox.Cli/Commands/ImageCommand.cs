using System.CommandLine;
using System.ComponentModel;
using System.Diagnostics;
using Sandbox.Cli.Output;
using Sandbox.Cli.Servers;
using Sandbox.Cli.Terminals;
using Sandbox.ClusterFile.Compose;
using Sandbox.Standalone;

namespace Sandbox.Cli.Commands;

/// <summary><c>image</c>: images for machines without a registry.</summary>
internal static class ImageCommand
{
    private const string E2bImage = "sandbox-e2b:latest";

    public static Command Create(CommandContext context)
    {
        var force = new Option<bool>("--force") { Description = "Build it even when it is there." };
        var forBase = new Command("base", $"Build {BaseImage.Name} from Debian packages.") { force };
        forBase.SetAction((parsed, _) => RunScriptAsync(context, parsed, BaseImage.Name, "images/base.sh", parsed.GetValue(force)));

        var forE2b = new Command("e2b", $"Build {E2bImage}, of the templates of the E2B API, from Debian packages.") { force };
        forE2b.SetAction((parsed, _) => RunScriptAsync(context, parsed, E2bImage, "images/e2b.sh", parsed.GetValue(force)));

        var cluster = new Command(
            "cluster",
            $"Build {ClusterPlan.Image}, of every container of a cluster, from Debian packages and the published programs.") { force };
        cluster.SetAction((parsed, _) => BuildClusterAsync(context, parsed, parsed.GetValue(force)));

        var folder = new Argument<DirectoryInfo>("DIR") { Description = "Folder with a Dockerfile." };
        folder.AcceptExistingOnly();
        var tag = new Option<string>("--tag", "-t") { Description = "Name of the image.", Required = true };
        var build = new Command("build", "Build an image from a folder with a Dockerfile.") { folder, tag };
        build.SetAction((parsed, _) => BuildAsync(context, parsed, parsed.GetValue(folder)!.FullName, parsed.GetValue(tag)!));

        return new Command("image", "Make images, and bring them to the nodes.")
        {
            forBase, forE2b, cluster, build, MaintenanceCommands.CreatePull(context), ImageMirrorCommand.Create(context),
        };
    }

    public static Task<int> BuildClusterAsync(CommandContext context, ParseResult parsed, bool force) =>
        RunScriptAsync(context, parsed, ClusterPlan.Image, "images/cluster.sh", force);

    private static Task<int> RunScriptAsync(CommandContext context, ParseResult parsed, string image, string script, bool force) =>
        RunAsync(
            context, parsed, image, "bash",
            [Installation.BuildScript(script) ?? throw new CliException($"build/{script} is not there"),
                .. force ? ["--force"] : Array.Empty<string>()]);

    /// <summary>Shows the engine's lines as they come; where the answer is to be JSON, beside it.</summary>
    private static async Task<int> BuildAsync(CommandContext context, ParseResult parsed, string folder, string tag)
    {
        var json = context.Json(parsed);
        if (await LocalImages.BuildAsync(folder, tag, new Lines(toError: json), context.Asked) is { } reason)
        {
            throw new CliException($"building {tag} failed: {reason}");
        }

        if (json)
        {
            Printer.Json(new Done("built") { Image = tag }, CliJson.Default.Done);
        }

        return 0;
    }

    /// <summary>Runs a program of this machine and shows its lines as they come.</summary>
    private static async Task<int> RunAsync(CommandContext context, ParseResult parsed, string image, string program, string[] arguments)
    {
        var json = context.Json(parsed);
        using var process = Start(program, arguments);
        var copies = Task.WhenAll(CopyAsync(process.StandardOutput, json), CopyAsync(process.StandardError, toError: true));
        try
        {
            await process.WaitForExitAsync(context.Asked);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }

        await copies;
        if (process.ExitCode != 0)
        {
            throw new CliException($"building {image} failed");
        }

        if (json)
        {
            Printer.Json(new Done("built") { Image = image }, CliJson.Default.Done);
        }

        return 0;
    }

    private static Process Start(string program, string[] arguments)
    {
        try
        {
            return Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        }
        catch (Win32Exception exception)
        {
            throw new CliException($"{program} cannot be run: {exception.Message}");
        }
    }

    private static async Task CopyAsync(StreamReader lines, bool toError)
    {
        while (await lines.ReadLineAsync(CancellationToken.None) is { } line)
        {
            Show(line, toError);
        }
    }

    private static void Show(string line, bool toError)
    {
        if (toError)
        {
            StandardStreams.WriteErrorLine(line);
        }
        else
        {
            StandardStreams.WriteOutputLine(line);
        }
    }

    /// <summary>Each at once and in order, unlike the framework's own.</summary>
    private sealed class Lines(bool toError) : IProgress<string>
    {
        public void Report(string value) => Show(value, toError);
    }
}
