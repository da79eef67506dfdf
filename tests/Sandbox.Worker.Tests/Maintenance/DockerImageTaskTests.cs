using Docker.DotNet.Models;
using Microsoft.Extensions.DependencyInjection;
using Sandbox.Contracts.Cluster;
using Sandbox.Deployments.Docker;
using Sandbox.Domain.Specs;
using Sandbox.Node.Maintenance;
using Sandbox.Testing;
using Sandbox.Worker.Tests.Running;

namespace Sandbox.Worker.Tests.Maintenance;

/// <summary>Pulls and evictions of images on this machine's engine, out of a registry that asks for a password, by a whole
/// worker.</summary>
public sealed class DockerImageTaskTests : IAsyncLifetime
{
    private readonly TempFolder _data = new();
    private readonly DockerCluster _cluster = new();
    private TestRegistry? _registry;
    private WorkerHost? _worker;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private string Image => $"{_registry!.Name}/maintenance/busybox:1";

    public async ValueTask InitializeAsync()
    {
        if (DockerEngine.WhyMissing is null)
        {
            TestRegistry.Need();
            await DockerTestImage.EnsureAsync();
            _registry = await TestRegistry.StartAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_worker is not null)
        {
            await _worker.DisposeAsync();
        }

        if (_registry is not null)
        {
            await DockerEngine.DeleteAsync($"images/{Image}", CancellationToken.None);
            await _registry.DisposeAsync();
        }

        await _cluster.DisposeAsync();
        _data.Dispose();
    }

    [NeedsDockerFact]
    public async Task Image_Pulled_IsThere_AndIsGoneAgainOnceImagesMayTakeNoMore()
    {
        var worker = await StartAsync("right");
        await GivenInTheRegistryAsync(worker);

        var pulled = await RunAsync(worker, MaintenanceTasks.ImagePull);
        var present = await DockerEngine.GetAsync($"images/{Image}/json", Token);
        await worker.DisposeAsync();
        var cleaned = await RunAsync(await StartAsync("right", imageCache: "1"), MaintenanceTasks.ImageCleanup);

        Assert.Equal((MaintenanceRun.Succeeded, $"pulled {Image}"), (pulled.State, pulled.Message));
        Assert.True(present is not null, "the engine was to have it after the pull");
        Assert.True(cleaned.State is MaintenanceRun.Succeeded, cleaned.Message);
        Assert.True(await DockerEngine.GetAsync($"images/{Image}/json", Token) is null, "images may take one byte, and nothing uses it");
        Assert.True(
            await DockerEngine.GetAsync($"images/{DockerTestImage.Name}/json", Token) is not null, "nothing else of the engine is touched");
    }

    [NeedsDockerFact]
    public async Task Image_ThatTheRegistryRefuses_IsNotPulled_AndTheReasonIsTold()
    {
        var worker = await StartAsync("wrong");
        await GivenInTheRegistryAsync(worker);

        var refused = await RunAsync(worker, MaintenanceTasks.ImagePull);

        Assert.Equal(MaintenanceRun.Failed, refused.State);
        Assert.StartsWith($"{Image} cannot be pulled: ", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("wrong", refused.Message, StringComparison.Ordinal);
    }

    /// <summary>An image of the test's own: what shares its id with another would go, or stay, with that one.</summary>
    private async Task GivenInTheRegistryAsync(WorkerHost worker)
    {
        Directory.CreateDirectory(_data.File("image"));
        await File.WriteAllTextAsync(
            _data.File("image/Dockerfile"), $"FROM {DockerTestImage.Name}\nENV OF_THE_TEST={Guid.NewGuid():N}\n", Token);
        Assert.Null(await ImageBuilder.BuildAsync("", _data.File("image"), Image, new Progress<string>(), Token));
        await new EngineArchives(worker.Get<EngineConnection>()).PushAsync(
            ImageReference.Parse(Image)!, new AuthConfig { Username = "u", Password = "right", ServerAddress = _registry!.Name }, Token);
        await DockerEngine.DeleteAsync($"images/{Image}", Token);
    }

    private Task<MaintenanceRun> RunAsync(WorkerHost worker, string task) => worker.Get<NodeMaintenance>().RunHereAsync(
        new MaintenanceOrder(task, task, task is MaintenanceTasks.ImagePull ? [Image] : []) { WaitsForEnd = true }, Token);

    private async Task<WorkerHost> StartAsync(string password, string imageCache = "64g") => _worker = await WorkerHost.StartAsync(
        _data.Path,
        services => services.Configure<MaintenanceOptions>(options =>
            (options.Registry, options.RegistryUsername, options.RegistryPassword) = (_registry!.Name, "u", password)),
        ("Deployment", "docker"), ("ClusterId", _cluster.ClusterId), ("ImageCache", imageCache));
}
