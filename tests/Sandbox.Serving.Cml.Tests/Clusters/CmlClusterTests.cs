using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;
using Sandbox.Serving.Cml.Clusters;
using Sandbox.Serving.Cml.Configuration;
using Sandbox.Serving.Cml.Rest;

namespace Sandbox.Serving.Cml.Tests.Clusters;

public sealed class CmlClusterTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    [Trait("Row", "40")]
    public async Task Start_OfACluster_MakesAHeadWithoutGpuAndWorkersThatKnowIt()
    {
        await using var fixture = await ClusterFixture.StartAsync();
        fixture.Server.StatesOfApplications["ray-cluster-head"] = new(["starting", "APPLICATION_RUNNING"]);

        var cluster = await fixture.NewManager().StartAsync(fixture.Options, Cancelled);

        Assert.Empty(cluster.Warnings);
        Assert.Equal("ray-cluster-head.ml.example:6379", cluster.State.HeadAddress);
        var applications = fixture.Server.Applications;
        Assert.Equal(
            ["ray-cluster-head", "ray-cluster-worker-1", "ray-cluster-worker-2"], applications.Select(application => application.Name));
        Assert.Null(applications[0].Settings["nvidia_gpu"]);
        Assert.Equal((8.0, 64.0), ((double)applications[0].Settings["cpu"]!, (double)applications[0].Settings["memory"]!));
        Assert.All(applications.Skip(1), worker =>
        {
            Assert.Equal(2, (int?)worker.Settings["nvidia_gpu"]);
            Assert.Equal("ray-cluster-head.ml.example:6379", (string?)worker.Settings["environment"]!["RAY_HEAD_ADDRESS"]);
            Assert.Equal("launch_worker.py", (string?)worker.Settings["script"]);
        });
        Assert.True(
            fixture.Server.Requests.Select(request => request.Method + request.Target.Split('/')[^1]).ToList() is
            [
                "POSTapplications", "GETapp-2", "GETapp-2", "POSTapplications", "POSTapplications", ..
            ],
            $"the head runs before a worker is made: {string.Join('\n', fixture.Server.Requests)}");
    }

    [Fact]
    [Trait("Row", "40")]
    public async Task Start_WithoutAUrl_TakesTheSubdomainForTheAddress()
    {
        await using var fixture = await ClusterFixture.StartAsync();
        fixture.Server.UrlOf = _ => null;

        var cluster = await fixture.NewManager().StartAsync(fixture.Options with { HeadPort = 7000 }, Cancelled);

        Assert.Equal("ray-cluster-head:7000", cluster.State.HeadAddress);
    }

    [Fact]
    public async Task Start_WithATokenForEachWorker_HandsEachItsOwn()
    {
        await using var fixture = await ClusterFixture.StartAsync();
        var options = fixture.Options with
        {
            WorkerVariables = (name, _) =>
                Task.FromResult(ImmutableSortedDictionary<string, string>.Empty.Add("JOIN_TOKEN", "join-" + name)),
        };

        await fixture.NewManager().StartAsync(options, Cancelled);

        Assert.Equal(
            ["join-ray-cluster-worker-1", "join-ray-cluster-worker-2"],
            fixture.Server.Applications.Skip(1).Select(worker => (string?)worker.Settings["environment"]!["JOIN_TOKEN"]));
    }

    [Theory]
    [Trait("Row", "41")]
    [InlineData("APPLICATION_FAILED")]
    [InlineData("stopped")]
    [InlineData("error")]
    public async Task Start_WhoseHeadFails_LeavesNothingBehind(string state)
    {
        await using var fixture = await ClusterFixture.StartAsync();
        fixture.Server.StatesOfApplications["ray-cluster-head"] = new(["starting", state]);

        var error = await Assert.ThrowsAsync<CmlException>(() => fixture.NewManager().StartAsync(fixture.Options, Cancelled));

        Assert.Equal(CmlError.Failed, error.Error);
        Assert.Contains("ray-cluster-head does not run", error.Message, StringComparison.Ordinal);
        await AssertNothingLeftAsync(fixture);
    }

    [Fact]
    [Trait("Row", "41")]
    public async Task Start_WhoseHeadIsLate_IsATimeoutAndLeavesNothingBehind()
    {
        await using var fixture = await ClusterFixture.StartAsync();
        fixture.Server.StatesOfApplications["ray-cluster-head"] = new(["starting"]);

        var error = await Assert.ThrowsAsync<CmlException>(() => fixture.NewManager().StartAsync(fixture.Options, Cancelled));

        Assert.Equal(CmlError.Timeout, error.Error);
        await AssertNothingLeftAsync(fixture);
    }

    [Fact]
    [Trait("Row", "41")]
    public async Task Start_WhoseSecondWorkerIsRefused_LeavesNothingBehind()
    {
        await using var fixture = await ClusterFixture.StartAsync();
        var options = fixture.Options with
        {
            WorkerVariables = (name, _) =>
            {
                if (name == "ray-cluster-worker-2")
                {
                    fixture.Server.Fail("POST /projects/project-1/applications", 403, "quota");
                }

                return Task.FromResult(ImmutableSortedDictionary<string, string>.Empty);
            },
        };

        var error = await Assert.ThrowsAsync<CmlException>(() => fixture.NewManager().StartAsync(options, Cancelled));

        Assert.Equal(CmlError.Unauthorized, error.Error);
        await AssertNothingLeftAsync(fixture);
    }

    /// <summary>The application was made, and the answer that has its id is lost.</summary>
    [Fact]
    [Trait("Row", "41")]
    public async Task Start_WhoseAnswerIsLost_DeletesByName()
    {
        await using var fixture = await ClusterFixture.StartAsync();
        var settings = new JsonObject { ["name"] = "ray-cluster-head", ["subdomain"] = "ray-cluster-head" };
        fixture.Server.FailBy("POST /projects/project-1/applications", () =>
        {
            fixture.Server.GivenApplication(settings);
            return Results.StatusCode(504);
        });

        var error = await Assert.ThrowsAsync<CmlException>(() => fixture.NewManager().StartAsync(fixture.Options, Cancelled));

        Assert.Equal(CmlError.ServerFailed, error.Error);
        await AssertNothingLeftAsync(fixture);
    }

    [Fact]
    [Trait("Row", "41")]
    public async Task Start_Cancelled_LeavesNothingBehind()
    {
        await using var fixture = await ClusterFixture.StartAsync();
        using var asked = new CancellationTokenSource();
        fixture.Server.StatesOfApplications["ray-cluster-head"] = new(["starting"]);
        fixture.Server.FailBy("GET /projects/project-1/applications/", () =>
        {
            asked.Cancel();
            return Results.StatusCode(500);
        });

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => fixture.NewManager().StartAsync(fixture.Options, asked.Token));

        await AssertNothingLeftAsync(fixture);
    }

    [Fact]
    [Trait("Row", "41")]
    public async Task Start_WhoseWorkerIsLate_IsAClusterWithAWarning()
    {
        await using var fixture = await ClusterFixture.StartAsync();
        fixture.Server.StatesOfApplications["ray-cluster-worker-2"] = new(["starting"]);

        var cluster = await fixture.NewManager().StartAsync(fixture.Options, Cancelled);

        Assert.Contains("ray-cluster-worker-2", Assert.Single(cluster.Warnings), StringComparison.Ordinal);
        Assert.Equal(2, cluster.State.Workers.Length);
    }

    [Fact]
    [Trait("Row", "41")]
    public async Task Cluster_AskedAndStoppedByAnotherProcess_IsKnownAndGone()
    {
        await using var fixture = await ClusterFixture.StartAsync();
        Assert.Equal("not_started", (await fixture.NewManager().GetStatusAsync(Cancelled)).Status);
        await fixture.NewManager().StartAsync(fixture.Options, Cancelled);

        var status = await fixture.NewManager().GetStatusAsync(Cancelled);

        Assert.True(status.Running, $"head and workers run: {status}");
        Assert.Equal(("ray-cluster-head.ml.example:6379", 3), (status.Address, status.TotalNodes));
        Assert.All(status.Workers, worker => Assert.Equal("running", worker.Status));
        var stopped = await fixture.NewManager().StopAsync(Cancelled);
        Assert.True(stopped.Stopped, string.Join('\n', stopped.Errors));
        Assert.Equal(3, stopped.StoppedApps.Length);
        await AssertNothingLeftAsync(fixture);
        Assert.False((await fixture.NewManager().StopAsync(Cancelled)).Stopped, "there was nothing to stop any more");
    }

    [Fact]
    [Trait("Row", "41")]
    public async Task Stop_ThatCannotDeleteOne_KeepsItForTheNextTry()
    {
        await using var fixture = await ClusterFixture.StartAsync();
        var cluster = await fixture.NewManager().StartAsync(fixture.Options, Cancelled);
        fixture.Server.Fail($"DELETE /projects/project-1/applications/{cluster.State.Workers[0].Id}", 500, "busy");

        var first = await fixture.NewManager().StopAsync(Cancelled);

        Assert.False(first.Stopped, "a worker is left");
        Assert.Contains("busy", Assert.Single(first.Errors), StringComparison.Ordinal);
        Assert.Single(fixture.Server.Applications);
        Assert.True((await fixture.NewManager().StopAsync(Cancelled)).Stopped, "it could be deleted now");
        await AssertNothingLeftAsync(fixture);
    }

    [Fact]
    public async Task Status_WhileTheHeadCannotBeAsked_IsAnErrorThatSaysWhy()
    {
        await using var fixture = await ClusterFixture.StartAsync();
        await fixture.NewManager().StartAsync(fixture.Options, Cancelled);
        fixture.Server.Fail("GET /projects/project-1/applications/", 500, "maintenance", times: 3);

        var status = await fixture.NewManager().GetStatusAsync(Cancelled);

        Assert.Equal("error", status.Status);
        Assert.Contains("maintenance", status.Head!.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_WhileAClusterIsThere_IsRefusedAndHarmsNothing()
    {
        await using var fixture = await ClusterFixture.StartAsync();
        await fixture.NewManager().StartAsync(fixture.Options, Cancelled);

        var error = await Assert.ThrowsAsync<CmlException>(() => fixture.NewManager().StartAsync(fixture.Options, Cancelled));

        Assert.Contains("started already", error.Message, StringComparison.Ordinal);
        Assert.Equal(3, fixture.Server.Applications.Count);
    }

    [Fact]
    public async Task Stop_WhileAnotherProcessStarts_IsRefused()
    {
        await using var fixture = await ClusterFixture.StartAsync();
        fixture.Server.StatesOfApplications["ray-cluster-head"] = new(["starting"]);
        var time = new FakeTimeProvider();
        using var asked = new CancellationTokenSource();
        var head = new TaskCompletionSource();
        fixture.Server.FailBy("GET /projects/project-1/applications/", () =>
        {
            head.SetResult();
            return Results.StatusCode(500);
        });
        var start = fixture.NewManager(time).StartAsync(fixture.Options, asked.Token);
        await head.Task.WaitAsync(Cancelled);

        var error = await Assert.ThrowsAsync<CmlException>(() => fixture.NewManager().StopAsync(Cancelled));

        Assert.Contains("another process", error.Message, StringComparison.Ordinal);
        await asked.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => start);
    }

    [Fact]
    public async Task Scale_UpAndDown_NumbersWorkersWithoutGapsAndDeletesThem()
    {
        await using var fixture = await ClusterFixture.StartAsync();
        await fixture.NewManager().StartAsync(fixture.Options with { NumWorkers = 1 }, Cancelled);

        var three = await fixture.NewManager().ScaleAsync(3, null, Cancelled);
        Assert.True(await fixture.NewManager().TryRemoveWorkerAsync(three.Workers[1].Id, Cancelled), "it is a worker of the cluster");
        var again = await fixture.NewManager().ScaleAsync(3, null, Cancelled);

        Assert.Equal(
            ["ray-cluster-worker-1", "ray-cluster-worker-2", "ray-cluster-worker-3"],
            again.Workers.Select(worker => worker.Name).Order(StringComparer.Ordinal));
        await fixture.NewManager().ScaleAsync(0, null, Cancelled);
        Assert.Equal(["ray-cluster-head"], fixture.Server.Applications.Select(application => application.Name));
    }

    [Fact]
    public async Task Worker_AddedByItsType_HasItsSizeAndIsRemovedByItsIdOnly()
    {
        await using var fixture = await ClusterFixture.StartAsync();
        var cluster = await fixture.NewManager().StartAsync(fixture.Options, Cancelled);

        var first = await fixture.NewManager().AddWorkerAsync(new WorkerRequest("gpu-worker", 4, 16, 1), null, Cancelled);
        var second = await fixture.NewManager().AddWorkerAsync(new WorkerRequest("gpu-worker", 4, 16, 1), null, Cancelled);

        Assert.Matches("^ray-gpu-worker-[0-9]+$", first.Name);
        Assert.NotEqual(first.Name, second.Name);
        Assert.False(
            await fixture.NewManager().TryRemoveWorkerAsync(cluster.State.Head!.Id, Cancelled), "the head is no worker");
        Assert.True(await fixture.NewManager().TryRemoveWorkerAsync(first.Id, Cancelled), "it was added");
        Assert.Equal(4, fixture.Server.Applications.Count);
    }

    [Fact]
    public async Task Start_WithOptionsThatCannotBe_SaysAllOfThem()
    {
        await using var fixture = await ClusterFixture.StartAsync();
        var options = fixture.Options with { NumWorkers = -1, Cpu = 0, HeadPort = 0, RuntimeIdentifier = null };

        var error = await Assert.ThrowsAsync<CmlConfigurationException>(() => fixture.NewManager().StartAsync(options, Cancelled));

        Assert.All(
            ["num_workers", "cpu", "port", "for the head", "for the workers"],
            part => Assert.Contains(part, error.Message, StringComparison.Ordinal));
        Assert.Empty(fixture.Server.Requests);
    }

    private static async Task AssertNothingLeftAsync(ClusterFixture fixture)
    {
        Assert.Empty(fixture.Server.Applications);
        Assert.Equal("not_started", (await fixture.NewManager().GetStatusAsync(Cancelled)).Status);
    }
}
