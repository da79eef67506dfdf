using System.CommandLine;
using Sandbox.Cli.Clusters;
using Sandbox.Cli.Terminals;
using Sandbox.ClusterFile.Compose;

namespace Sandbox.Cli.Commands;

/// <summary>What each verb begins with: cluster.yaml read, and the compose files written anew from it.</summary>
internal sealed class ClusterSession : IDisposable
{
    private readonly EngineApi _engine = new(ClusterPlans.EngineSocket());
    private readonly ClusterFolder _folder;
    private readonly CommandContext _context;

    private ClusterSession(ClusterFolder folder, ClusterPlan plan, CommandContext context) =>
        (_folder, Plan, _context) = (folder, plan, context);

    public ClusterPlan Plan { get; }

    public EngineApi Engine => _engine;

    public string Root => _folder.Root;

    public static async Task<ClusterSession> OpenAsync(CommandContext context, string file)
    {
        var folder = new ClusterFolder(file);
        return new ClusterSession(folder, await folder.ReadAsync(context.Time, context.Asked), context);
    }

    public ClusterRun Main() => Run(ClusterFolder.MainText, MainCluster.Make(Plan));

    public ClusterRun Test(string? target, string? head) => Run(ClusterFolder.TestText, TestCluster.Make(Plan, target, head));

    public Task PrepareAsync(ClusterRun run) => ClusterFolder.PrepareAsync(run.File, Plan, _context.Asked);

    public string PathOf(string text) => _folder.PathOf(text);

    /// <summary>Images that nothing can be pulled for are made; others are built where cluster.yaml says how.</summary>
    public async Task EnsureImagesAsync(ClusterRun run, ParseResult parsed, bool build)
    {
        foreach (var made in run.File.Services.Where(service => service.Build is not null).DistinctBy(service => service.Image))
        {
            if (build || await _engine.FindAsync($"/images/{made.Image}/json", _context.Asked) is null)
            {
                await BuildAsync(made.Image, made.Build!);
            }
        }

        if (run.File.Services.Any(service => service is { Image: ClusterPlan.Image, Build: null })
            && (build || await _engine.FindAsync($"/images/{ClusterPlan.Image}/json", _context.Asked) is null))
        {
            await ImageCommand.BuildClusterAsync(_context, parsed, force: false);
        }
    }

    public void Dispose() => _engine.Dispose();

    public static void Say(string line) => StandardStreams.WriteOutputLine(line);

    private async Task BuildAsync(string image, ComposeBuild build)
    {
        string[] arguments =
            ["build", "--tag", image, "--file", Path.Combine(build.Context, build.Dockerfile),
                .. build.Target is { } target ? ["--target", target] : Array.Empty<string>(), build.Context];
        Say($"→ docker {string.Join(' ', arguments)}");
        if (await ShownPrograms.ShowAsync("docker", arguments, onlyLooks: false, _context.Asked) != 0)
        {
            throw new CliException($"building {image} failed");
        }
    }

    private ClusterRun Run(string text, ComposeFile file)
    {
        _folder.Write(text, file);
        return new ClusterRun(_folder, text, file, _engine, Say, _context.Time);
    }
}
