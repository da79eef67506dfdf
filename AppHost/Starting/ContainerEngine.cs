using Microsoft.Extensions.Configuration;

namespace AppHost.Starting;

/// <summary>The container engine's command line, the same that Aspire's orchestrator calls.</summary>
internal sealed class ContainerEngine(IConfiguration configuration, TimeProvider time)
{
    private static readonly TimeSpan Answer = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan PreviousStack = TimeSpan.FromSeconds(45);
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);

    private readonly string _program =
        configuration["ASPIRE_CONTAINER_RUNTIME"] ?? configuration["DOTNET_ASPIRE_CONTAINER_RUNTIME"] ?? "docker";

    /// <exception cref="DistributedApplicationException">No engine answers.</exception>
    public async Task CheckAsync(CancellationToken cancellationToken)
    {
        var (isDone, said) = await AskAsync(Answer, cancellationToken, "version", "--format", "{{.Server.Version}}");
        if (!isDone)
        {
            throw new DistributedApplicationException(
                $"No container engine answers ({_program}: {said}), and Postgres and Redis are containers. "
                + "Start one, or give the addresses of both in ConnectionStrings__sandbox and ConnectionStrings__redis. "
                + "./sandbox serve needs neither.");
        }
    }

    public async Task<bool> HasImageAsync(string image, CancellationToken cancellationToken) =>
        (await AskAsync(Answer, cancellationToken, "image", "inspect", "--format", "{{.Id}}", image)).IsDone;

    /// <summary>Null: it is there now; else why not.</summary>
    public async Task<string?> PullAsync(string image, CancellationToken cancellationToken)
    {
        var (isDone, said) = await AskAsync(Timeout.InfiniteTimeSpan, cancellationToken, "pull", "--quiet", image);
        return isDone ? null : said;
    }

    /// <summary>Waits for the containers of a stack that was killed: its orchestrator still ends them.</summary>
    /// <exception cref="DistributedApplicationException">Somebody else's container uses a volume.</exception>
    public async Task CheckVolumesAsync(IEnumerable<ContainerResource> containers, CancellationToken cancellationToken)
    {
        var volumes = containers.SelectMany(container => container.Annotations.OfType<ContainerMountAnnotation>())
            .Where(mount => mount.Type is ContainerMountType.Volume).Select(mount => mount.Source!).Distinct();
        foreach (var volume in volumes)
        {
            var begun = time.GetTimestamp();
            using var ticks = new PeriodicTimer(LookEvery, time);
            while (await AskAsync(Answer, cancellationToken, "ps", "--filter", $"volume={volume}", "--format", "{{.Names}}")
                is (true, { Length: > 0 } user))
            {
                if (time.GetElapsedTime(begun) > PreviousStack)
                {
                    throw new DistributedApplicationException(
                        $"The volume {volume} is used by the container {user}: another stack runs on it. "
                        + $"End that one first ({_program} stop {user}).");
                }

                await ticks.WaitForNextTickAsync(cancellationToken);
            }
        }
    }

    /// <summary>Runs the engine's command line to its end.</summary>
    /// <returns>What it printed, or its last complaint.</returns>
    private async Task<(bool IsDone, string Said)> AskAsync(TimeSpan limit, CancellationToken cancellationToken, params string[] arguments)
    {
        using var ends = new CancellationTokenSource(limit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ends.Token, cancellationToken);
        try
        {
            var (code, output, complaint) = await ChildProcess.RunAsync(_program, arguments, either.Token);
            return code is 0
                ? (true, output.Trim())
                : (false, LastLine(complaint) is { Length: > 0 } last ? last : $"it ended with {code}");
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return (false, "there is no such program");
        }
        catch (OperationCanceledException) when (ends.IsCancellationRequested)
        {
            return (false, $"no answer within {limit.TotalSeconds:0} s");
        }
    }

    private static string LastLine(string text) =>
        text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).LastOrDefault() ?? "";
}
