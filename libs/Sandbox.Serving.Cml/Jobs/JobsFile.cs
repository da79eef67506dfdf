using System.Collections.Immutable;
using System.Text.RegularExpressions;
using Sandbox.Serving.Cml.Configuration;

namespace Sandbox.Serving.Cml.Jobs;

/// <summary>The file of jobs: <c>jobs.KEY</c> with <c>name, script, parent_job_key, timeout, description, cpu, memory</c>.</summary>
public static partial class JobsFile
{
    private const string Fields = "name script parent_job_key timeout description cpu memory";

    private static readonly string[] Known = [.. Fields.Split(' ').Select(field => $"jobs.*.{field}")];

    /// <summary>The jobs, each behind its parent.</summary>
    /// <param name="file">The file's name, for messages.</param>
    /// <exception cref="CmlConfigurationException">It is no such file; the message has all that is wrong.</exception>
    public static ImmutableArray<JobDefinition> Parse(string text, string file)
    {
        var settings = YamlSettings.Read(text, file, Known);
        var jobs = settings.Paths.Select(path => path.Split('.')).Where(path => path is ["jobs", _, _]).Select(path => path[1]).Distinct()
            .Select(key => JobOf(settings, key)).ToList();
        if (jobs.Count == 0)
        {
            settings.Complain("there are no jobs");
        }

        foreach (var same in jobs.GroupBy(job => job.Name).Where(group => group.Count() > 1))
        {
            settings.Complain($"more than one job is called {same.Key}");
        }

        var ordered = Order(jobs, settings);
        settings.ThrowIfWrong();
        return ordered;
    }

    private static JobDefinition JobOf(YamlSettings settings, string key)
    {
        if (!KeyForm().IsMatch(key))
        {
            settings.Complain($"jobs.{key}: a key is of letters, digits, _ and -");
        }

        var at = $"jobs.{key}.";
        return new JobDefinition(
            key, Required(settings, at + "name"), Required(settings, at + "script"), settings.Find(at + "parent_job_key"),
            TimeSpan.FromSeconds(settings.Number(at + "timeout", settings.Find(at + "timeout"), 600, 1, 7 * 24 * 3600)),
            settings.Number(at + "cpu", settings.Find(at + "cpu"), 4.0, 0.1, 1024),
            settings.Number(at + "memory", settings.Find(at + "memory"), 16.0, 0.1, 65536));
    }

    private static string Required(YamlSettings settings, string path)
    {
        if (settings.Find(path) is { } value)
        {
            return value;
        }

        settings.Complain($"{path} is missing");
        return "";
    }

    private static ImmutableArray<JobDefinition> Order(List<JobDefinition> jobs, YamlSettings settings)
    {
        var (ordered, left) = (new List<JobDefinition>(), jobs.ToList());
        while (left.Count > 0)
        {
            var next = left.FindAll(job => job.Parent is null || ordered.Exists(placed => placed.Key == job.Parent));
            if (next.Count == 0)
            {
                foreach (var job in left)
                {
                    settings.Complain(jobs.Exists(other => other.Key == job.Parent)
                        ? $"jobs.{job.Key}: its parents lead back to it"
                        : $"jobs.{job.Key}: there is no job {job.Parent} for its parent_job_key");
                }

                break;
            }

            ordered.AddRange(next);
            left.RemoveAll(next.Contains);
        }

        return [.. ordered];
    }

    [GeneratedRegex(@"^[A-Za-z0-9_-]+$")]
    private static partial Regex KeyForm();
}
