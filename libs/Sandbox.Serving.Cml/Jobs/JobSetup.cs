using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Sandbox.Serving.Cml.Rest;

namespace Sandbox.Serving.Cml.Jobs;

/// <summary>Makes the jobs of a project what the file says, as often as it is asked.</summary>
public sealed partial class JobSetup(CmlClient client, ILogger<JobSetup> logger)
{
    /// <summary>Creates the jobs that are missing, by their exact names, and updates those that are there.</summary>
    /// <param name="jobs">Each behind its parent.</param>
    /// <param name="runtimeIdentifier">The image that they run in; null: the project's.</param>
    /// <exception cref="CmlException">A call failed.</exception>
    public async Task<ImmutableArray<ProjectJob>> EnsureAsync(
        string project, ImmutableArray<JobDefinition> jobs, string? runtimeIdentifier, CancellationToken cancellationToken)
    {
        var there = await client.ListJobsAsync(project, cancellationToken);
        var made = ImmutableArray.CreateBuilder<ProjectJob>();
        foreach (var job in jobs)
        {
            var parent = job.Parent is null ? null : made.First(other => other.Definition.Key == job.Parent).Id;
            var settings = new JobSettings(
                job.Name, job.Script, job.Cpu, job.Memory, (int)job.Timeout.TotalSeconds, runtimeIdentifier, parent);
            if (there.FirstOrDefault(other => other.Name == job.Name)?.Id is { } id)
            {
                await client.UpdateJobAsync(project, id, settings, cancellationToken);
                Log.Updated(logger, job.Name, id);
                made.Add(new ProjectJob(job, id));
            }
            else
            {
                var created = await client.CreateJobAsync(project, settings, cancellationToken);
                Log.Created(logger, job.Name, created.Id!);
                made.Add(new ProjectJob(job, created.Id!));
            }
        }

        return made.DrainToImmutable();
    }

    private static partial class Log
    {
        [LoggerMessage(7904, LogLevel.Information, "Made job {Name}: {Id}")]
        public static partial void Created(ILogger logger, string name, string id);

        [LoggerMessage(7905, LogLevel.Information, "Updated job {Name}: {Id}")]
        public static partial void Updated(ILogger logger, string name, string id);
    }
}
