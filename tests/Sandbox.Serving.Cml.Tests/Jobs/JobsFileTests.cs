using Sandbox.Serving.Cml.Configuration;
using Sandbox.Serving.Cml.Jobs;

namespace Sandbox.Serving.Cml.Tests.Jobs;

public sealed class JobsFileTests
{
    [Fact]
    public void File_ThatIsShipped_HasTheThreeJobsInTheirOrder()
    {
        var text = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "cml", "jobs_config.yaml"));

        var jobs = JobsFile.Parse(text, "jobs_config.yaml");

        Assert.Equal(
            [
                new("git_sync", "Git Repository Sync", "deploy/serving/cml/git_sync.py", null, TimeSpan.FromSeconds(600), 2, 4),
                new(
                    "setup_environment", "Setup Python Environment", "deploy/serving/cml/setup_environment.py", "git_sync",
                    TimeSpan.FromSeconds(1800), 4, 16),
                new(
                    "launch_ray_cluster", "Launch Ray Cluster", "deploy/serving/cml/launch_cluster.py", "setup_environment",
                    TimeSpan.FromSeconds(600), 4, 16),
            ],
            jobs.AsEnumerable());
        Assert.All(jobs, job => Assert.True(
            File.Exists(Path.Combine(AppContext.BaseDirectory, "cml", Path.GetFileName(job.Script))), $"{job.Script} is no file"));
    }

    [Fact]
    public void File_WithAChildBeforeItsParent_HasTheParentFirst()
    {
        var jobs = JobsFile.Parse(
            """
            jobs:
              b: {name: B, script: b.py, parent_job_key: a}
              a: {name: A, script: a.py}
            """,
            "jobs.yaml");

        Assert.Equal(["a", "b"], jobs.Select(job => job.Key));
    }

    [Theory]
    [InlineData("jobs: {}", "there are no jobs")]
    [InlineData("jobs: {a: {name: A}}", "jobs.a.script is missing")]
    [InlineData("jobs: {a: {name: A, script: s, timeot: 5}}", "there is no jobs.a.timeot; is jobs.a.timeout meant?")]
    [InlineData("jobs: {a: {name: A, script: s, timeout: soon}}", "jobs.a.timeout must be a number from 1 to 604800, not 'soon'")]
    [InlineData("jobs: {a: {name: A, script: s, cpu: NaN}}", "jobs.a.cpu must be a number")]
    [InlineData("jobs: {a: {name: A, script: s, parent_job_key: b}}", "there is no job b")]
    [InlineData("jobs: {a: {name: A, script: s, parent_job_key: a}}", "its parents lead back to it")]
    [InlineData("jobs: {a: {name: A, script: s}, b: {name: A, script: s}}", "more than one job is called A")]
    [InlineData("jobs: [a]", "jobs must be a single value")]
    [InlineData("- a", "must hold one document with sections")]
    [InlineData("jobs: {a: ", "jobs.yaml")]
    public void File_ThatIsWrong_SaysWhat(string text, string reason)
    {
        var error = Assert.Throws<CmlConfigurationException>(() => JobsFile.Parse(text, "jobs.yaml"));

        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }

    /// <summary>Each level refers ten times to the one below.</summary>
    [Fact]
    public void File_WhoseAliasesMakeItLarge_IsRefused()
    {
        var levels = Enumerable.Range(1, 4).Select(
            level => $"l{level}: &l{level} {{{string.Join(", ", Enumerable.Range(0, 20).Select(i => $"k{i}: *l{level - 1}"))}}}");
        var text = "l0: &l0 {a: 1, b: 2}\n" + string.Join('\n', levels);

        var error = Assert.Throws<CmlConfigurationException>(() => JobsFile.Parse(text, "jobs.yaml"));

        Assert.Contains("has more than 10000 values", error.Message, StringComparison.Ordinal);
    }
}
