using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Sandbox.Serving.Cml.Rest;

namespace Sandbox.Serving.Cml.Jobs;

/// <summary>
/// Runs the jobs of a project one behind the other and watches each to its end. Cloudera ML starts a job by itself when its parent has
/// succeeded: that run is watched, and only where none comes one is started, so that no job runs twice.
/// </summary>
public sealed partial class JobChain(CmlClient client, TimeProvider time, ILogger<JobChain> logger)
{
    /// <summary>How long a job may wait for its machine, beside its own time limit.</summary>
    private static readonly TimeSpan SchedulingLimit = TimeSpan.FromMinutes(10);

    /// <summary>How long the run of a child may take to appear.</summary>
    private static readonly TimeSpan FollowLimit = TimeSpan.FromMinutes(1);

    /// <summary>Runs the jobs in their order. One whose last run succeeded is skipped, unless its parent ran now or
    /// <paramref name="force"/> is given; one that runs already is watched. The first that fails ends the chain.</summary>
    /// <param name="jobs">Each behind its parent.</param>
    /// <exception cref="CmlException">A job failed, did not end in time, or a call failed.</exception>
    public async Task<ImmutableArray<JobOutcome>> RunAsync(
        string project, ImmutableArray<ProjectJob> jobs, bool force, CancellationToken cancellationToken)
    {
        // What was there before anything is started: a run that is not among them is a new one.
        var before = new Dictionary<string, ImmutableArray<CmlJobRun>>();
        foreach (var job in jobs)
        {
            before[job.Definition.Key] = await client.ListRunsAsync(project, job.Id, cancellationToken);
        }

        var outcomes = ImmutableArray.CreateBuilder<JobOutcome>();
        foreach (var job in jobs)
        {
            var (definition, known) = (job.Definition, before[job.Definition.Key]);
            var last = known.FirstOrDefault();
            var follows = outcomes.Any(outcome => outcome.Key == definition.Parent && !outcome.Skipped);
            if (!force && !follows && CmlWords.OfRun(last?.Status) is CmlProgress.Done)
            {
                Log.Skipped(logger, definition.Name, last!.Id ?? "");
                outcomes.Add(new JobOutcome(definition.Key, last.Id ?? "", Skipped: true));
                continue;
            }

            var run = last is { Id: not null, Status: not null } && CmlWords.OfRun(last.Status) is CmlProgress.Waiting ? last.Id
                : (follows ? await FindNewAsync(project, job, known, cancellationToken) : null)
                ?? (await client.StartRunAsync(project, job.Id, cancellationToken)).Id!;
            Log.Runs(logger, definition.Name, run);
            await WatchAsync(project, job, run, cancellationToken);
            Log.Succeeded(logger, definition.Name, run);
            outcomes.Add(new JobOutcome(definition.Key, run, Skipped: false));
        }

        return outcomes.DrainToImmutable();
    }

    /// <summary>The run that Cloudera ML has started of a job whose parent has succeeded; null: none comes.</summary>
    private async Task<string?> FindNewAsync(
        string project, ProjectJob job, ImmutableArray<CmlJobRun> known, CancellationToken cancellationToken)
    {
        try
        {
            return await new CmlPoller(time).WaitAsync<string>(
                $"the run of {job.Definition.Name}", FollowLimit,
                async token => (
                    (await client.ListRunsAsync(project, job.Id, token)).FirstOrDefault(run => known.All(old => old.Id != run.Id))?.Id,
                    "none"),
                cancellationToken);
        }
        catch (CmlException exception) when (exception.Error is CmlError.Timeout)
        {
            return null;
        }
    }

    private async Task WatchAsync(string project, ProjectJob job, string run, CancellationToken cancellationToken) =>
        await new CmlPoller(time).WaitAsync<CmlJobRun>(
            $"job {job.Definition.Name} (run {run})", job.Definition.Timeout + SchedulingLimit,
            async token =>
            {
                var found = await client.GetRunAsync(project, job.Id, run, token);
                return CmlWords.OfRun(found.Status) switch
                {
                    CmlProgress.Done => (found, ""),
                    CmlProgress.Failed => throw new CmlException(
                        CmlError.Failed, $"job {job.Definition.Name} has failed (run {run}): {CmlWords.Plain(found.Status)}"),
                    _ => ((CmlJobRun?)null, CmlWords.Plain(found.Status)),
                };
            },
            cancellationToken);

    private static partial class Log
    {
        [LoggerMessage(7906, LogLevel.Information, "Job {Name} is skipped: its last run has succeeded ({Run})")]
        public static partial void Skipped(ILogger logger, string name, string run);

        [LoggerMessage(7907, LogLevel.Information, "Job {Name} runs: {Run}")]
        public static partial void Runs(ILogger logger, string name, string run);

        [LoggerMessage(7908, LogLevel.Information, "Job {Name} has succeeded: {Run}")]
        public static partial void Succeeded(ILogger logger, string name, string run);
    }
}
