using System.Diagnostics;
using Microsoft.Extensions.Logging.Abstractions;
using Sandbox.Serving.Backends;
using Sandbox.Serving.Clusters;
using Sandbox.Serving.Cml.Clusters;
using Sandbox.Serving.Cml.Fake;
using Sandbox.Serving.Cml.Jobs;
using Sandbox.Serving.Cml.Rest;
using Sandbox.Testing;

namespace Sandbox.Serving.Cml.Tests;

public sealed class CmlDeploymentTests : IDisposable
{
    private readonly TempFolder _folder = new();

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    /// <summary>With the jobs and the cluster that are shipped.</summary>
    [Fact]
    [Trait("Row", "45")]
    public async Task Deployment_FromNothing_MakesTheProjectAndRunsTheThreeJobs()
    {
        await using var server = await FakeCml.StartAsync();
        using var client = server.Client();
        var settings = SettingsOf(server, Shipped("ray_cluster_config.yaml"), project: null);
        var jobs = JobsFile.Parse(Shipped("jobs_config.yaml"), "jobs_config.yaml");

        var first = await Deployment(client).RunAsync(settings, jobs, force: false, Cancelled);
        var second = await Deployment(client).RunAsync(settings, jobs, force: false, Cancelled);

        Assert.Equal(first.Project, second.Project);
        Assert.Equal(["git_sync", "setup_environment", "launch_ray_cluster"], first.Jobs.Select(job => job.Key));
        Assert.All(second.Jobs, job => Assert.True(job.Skipped, $"{job.Key} had succeeded"));
        Assert.Equal(
            ["Git Repository Sync", "Setup Python Environment", "Launch Ray Cluster"], server.Jobs.Select(job => job.Name));
        Assert.All(server.Jobs, job => Assert.Single(job.Runs));
    }

    /// <summary>The applications really run: each is a process with a launcher.</summary>
    [Fact]
    [Trait("Row", "46")]
    [Trait("Row", "47")]
    public async Task Launch_OfACluster_RunsItsLaunchersAndWritesHowItIsReached()
    {
        await using var server = await FakeCml.StartAsync(_folder.Path);
        var project = server.GivenProject("p");
        using var client = server.Client();
        var settings = SettingsOf(
            server,
            $"""
            cai:
              runtime_identifier: image:1
              num_workers: 2
              head_script: launchers/head.py
              worker_script: launchers/worker.py
              head_command: {Program("head", "touch head")}
              worker_command: {Program("worker", "echo $RAY_HEAD_ADDRESS > worker-$$")}
              state_file: {_folder.File("state.json")}
              info_file: {_folder.File("ray_cluster_info.json")}
            """,
            project);
        settings = settings with { Launchers = settings.Launchers! with { WorkerDelay = TimeSpan.Zero } };

        var (info, cluster) = await Deployment(client).LaunchAsync(settings, _folder.Path, Cancelled);

        Assert.Equal("ray-cluster-head.ml.example:6379", info.HeadAddress);
        Assert.Equal("https://ray-cluster-head.ml.example/api/v1", info.ManagementApiUrl);
        Assert.Equal("https://ray-cluster-head.ml.example/dashboard/", info.DashboardUrl);
        Assert.Equal(cluster.State.Workers.Select(worker => worker.Id), info.WorkerAppIds.AsEnumerable());
        var written = ClusterInfo.Read(_folder.File("ray_cluster_info.json"))!;
        Assert.Equal(info.Describe().AsEnumerable(), written.Describe().AsEnumerable());
        Assert.Contains(info.Describe(), line => line.Contains(info.HeadAddress, StringComparison.Ordinal));
        await Testing.Clusters.Wait.UntilAsync(
            () => Task.FromResult(File.Exists(_folder.File("head")) && Directory.GetFiles(_folder.Path, "worker-*").Length == 2),
            () => "head and two workers run");
        Assert.All(Directory.GetFiles(_folder.Path, "worker-*"), file =>
            Assert.Equal("ray-cluster-head.ml.example:6379\n", File.ReadAllText(file)));
        var processes = server.Applications.Select(application => application.Process!.Id).ToList();

        var stopped = await Deployment(client).StopAsync(settings, Cancelled);

        Assert.True(stopped.Stopped, string.Join('\n', stopped.Errors));
        Assert.Null(ClusterInfo.Read(settings.InfoFile));
        Assert.All(processes, id => Assert.Throws<ArgumentException>(() => Process.GetProcessById(id)));
    }

    [Fact]
    [Trait("Row", "39")]
    public async Task Backend_OfCloudera_StartsScalesTellsAndStopsBehindTheInterface()
    {
        await using var server = await FakeCml.StartAsync();
        var project = server.GivenProject("p");
        using var client = server.Client();
        var settings = SettingsOf(
            server,
            $"cai: {{runtime_identifier: i, state_file: {_folder.File("s.json")}, info_file: {_folder.File("i.json")}}}", project);
        // Each as another process has it.
        IClusterBackend NewBackend() => new CmlClusterBackend(Deployment(client), settings, _folder.Path);

        Assert.Equal(ClusterReport.NotStarted.IsRunning, (await NewBackend().GetStatusAsync(Cancelled)).IsRunning);
        Assert.Null(await NewBackend().FindAddressAsync(Cancelled));
        await Assert.ThrowsAsync<ClusterException>(() => NewBackend().ScaleAsync(2, Cancelled));
        Assert.False(await NewBackend().StopAsync(Cancelled), "there was nothing to stop");

        var started = await NewBackend().StartAsync(Cancelled);
        Assert.True(started.IsRunning, string.Join('\n', started.Messages));
        Assert.Equal("ray-cluster-head.ml.example:6379", await NewBackend().FindAddressAsync(Cancelled));
        await Assert.ThrowsAsync<ClusterException>(() => NewBackend().StartAsync(Cancelled));
        var scaled = await NewBackend().ScaleAsync(3, Cancelled);
        Assert.Equal(
            ["ray-cluster-worker-1 running", "ray-cluster-worker-2 running", "ray-cluster-worker-3 running"],
            scaled.Workers.Select(worker => $"{worker.Name} {worker.State}"));
        server.Fail("DELETE", 500, "busy");
        await Assert.ThrowsAsync<ClusterException>(() => NewBackend().StopAsync(Cancelled));
        Assert.True(await NewBackend().StopAsync(Cancelled), "the rest could be deleted now");

        Assert.Empty(server.Applications);
        Assert.False((await NewBackend().GetStatusAsync(Cancelled)).IsRunning, "it was stopped");
    }

    [Fact]
    [Trait("Row", "41")]
    public async Task Launch_WhoseHeadEndsAtOnce_FailsAndLeavesNothing()
    {
        await using var server = await FakeCml.StartAsync();
        var project = server.GivenProject("p");
        using var client = server.Client();
        server.StatesOfApplications["ray-cluster-head"] = new(["APPLICATION_STOPPED"]);
        var settings = SettingsOf(
            server,
            $"cai: {{runtime_identifier: i, state_file: {_folder.File("s.json")}, info_file: {_folder.File("i.json")}}}", project);

        await Assert.ThrowsAsync<CmlException>(() => Deployment(client).LaunchAsync(settings, _folder.Path, Cancelled));

        Assert.Empty(server.Applications);
        Assert.Equal([_folder.File("s.json.lock")], Directory.GetFiles(_folder.Path));
    }

    private static string Shipped(string name) => File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "cml", name));

    private static CmlDeployment Deployment(CmlClient client) => new(client, new ImpatientTime(), NullLoggerFactory.Instance);

    private static CmlSettings SettingsOf(FakeCml server, string text, string? project)
    {
        var environment = new Dictionary<string, string> { ["CML_HOST"] = server.Address.ToString(), ["CML_API_KEY"] = FakeCml.Key };
        if (project is not null)
        {
            environment["CML_PROJECT_ID"] = project;
        }

        return CmlSettings.Read(text, "f.yaml", environment);
    }

    /// <summary>A program that does something in the project's folder, and then runs until it is ended.</summary>
    private string Program(string name, string script)
    {
        var path = _folder.File(name + ".sh");
        File.WriteAllText(path, $"#!/bin/sh\n{script}\nexec sleep 1000\n");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return path;
    }
}
