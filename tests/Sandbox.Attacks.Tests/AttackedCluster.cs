using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using Sandbox.Testing;
using Sandbox.Testing.Clusters;
using Sandbox.Testing.Networks;

namespace Sandbox.Attacks.Tests;

/// <summary>
/// One API and one worker on Docker with three tenants, shared by every class of attacks: two that work, and a hostile one. It
/// does not run on a machine without an engine, where tests that use it are skipped.
/// </summary>
public sealed class AttackedCluster : IAsyncLifetime
{
    private readonly TempFolder _archives = new();
    private readonly List<RockCaller> _callers = [];
    private readonly TricklingRegistry _trickling = new();
    private TestRegistry? _registry;
    private ProcessCluster? _cluster;
    private RockCaller? _admin, _red, _blue, _mallory;

    public ProcessCluster Cluster => Running(_cluster);

    /// <summary>The one registry that tenants may use beside the next; null on a machine that cannot have one.</summary>
    public TestRegistry? Registry => _registry;

    /// <summary>A registry of the hostile tenant's: its answers never end.</summary>
    public TricklingRegistry Trickling => _trickling;

    /// <summary>A server that the operator lets sandboxes reach, by two addresses; null on a machine that cannot have one.</summary>
    public LanMachine? Lan { get; private set; }

    /// <summary>The operator, with an admin's key.</summary>
    public RockCaller Admin => Running(_admin);

    /// <summary>A tenant that works.</summary>
    public RockCaller Red => Running(_red);

    /// <summary>Another tenant that works.</summary>
    public RockCaller Blue => Running(_blue);

    /// <summary>The hostile tenant.</summary>
    public RockCaller Mallory => Running(_mallory);

    /// <summary>Where the API listens, for a request of a test's own making.</summary>
    public Uri Address => Cluster.Callers[0].Http.BaseAddress!;

    public async ValueTask InitializeAsync()
    {
        if (DockerEngine.WhyMissing is not null)
        {
            return;
        }

        _registry = TestRegistry.WhyMissing is null ? await TestRegistry.StartAsync() : null;
        Lan = Environment.IsPrivilegedProcess ? await LanMachine.StartAsync() : null;
        _cluster = await ProcessCluster.StartAsync(new ClusterSetup
        {
            Apis = 1,
            Workers = 1,
            Settings = new Dictionary<string, string>
            {
                ["Security__SharedImages"] = $"sandbox-base {DockerTestImage.Name} sandbox-attacks-shared*",
                ["Security__Registries"] = $"{_registry?.Name ?? "registry.invalid"} {_trickling.Name}",
                // Not ended by it while a test looks at what they hold.
                ["Worker__TransferSilence"] = "00:30:00",
                ["Api__MaxStreamsPerTenant"] = "64",
                ["Security__CommitsPerTenant"] = "3",
                ["Archive__MaxImage"] = "256m",
                ["Security__AllowedNetworks__0"] = $"{Lan?.Address.Host ?? "192.0.2.1"}/32",
                ["Security__AllowedNetworks__1"] = $"{Lan?.OtherAddress.Host ?? "192.0.2.1"}/32",
                ["Archive__Store"] = "folder",
                ["Archive__Folder"] = _archives.Path,
            },
        });
        _admin = With(await MakeKeyAsync(_cluster.Callers[0], new { admin = true }));
        _red = await MakeTenantAsync("red");
        _blue = await MakeTenantAsync("blue");
        _mallory = await MakeTenantAsync("mallory");
    }

    public async ValueTask DisposeAsync()
    {
        _callers.ForEach(caller => caller.Dispose());
        await (_cluster?.DisposeAsync() ?? ValueTask.CompletedTask);
        await (_registry?.DisposeAsync() ?? ValueTask.CompletedTask);
        _trickling.Dispose();
        await (Lan?.DisposeAsync() ?? ValueTask.CompletedTask);
        _archives.Dispose();
    }

    /// <summary>A tenant and a caller with a key of it.</summary>
    /// <param name="quota">Its bounds; null: none but the server's own.</param>
    public async Task<RockCaller> MakeTenantAsync(string name, object? quota = null)
    {
        using var made = await Admin.Http.PostAsJsonAsync("/api/v1/tenants", new { name, quota });
        Assert.True(made.IsSuccessStatusCode, $"the admin was to make the tenant {name}: {(int)made.StatusCode}");
        return With(await MakeKeyAsync(Admin, new { tenant = name }));
    }

    /// <summary>What the engine says of the container of a sandbox; null: there is none.</summary>
    public async Task<JsonNode?> ContainerOfAsync(string sandbox, CancellationToken cancellationToken)
    {
        foreach (var id in await Cluster.ContainersAsync())
        {
            var container = await DockerEngine.InspectAsync(id, cancellationToken);
            if ((string?)container?["Config"]?["Labels"]?["sandbox.aspire/sandbox"] == sandbox)
            {
                return container;
            }
        }

        return null;
    }

    /// <summary>How a commit ended.</summary>
    public static async Task<JsonElement> CommitAsync(RockCaller caller, string id, string name, string user = "", string password = "")
    {
        await caller.MustPostAsync("commit", new { sandbox_id = id, image_tag = name, username = user, password });
        var last = default(JsonElement);
        await Wait.UntilAsync(
            async () =>
            {
                last = (await caller.GetAsync($"commit/{id}")).GetProperty("result");
                return last.GetProperty("phase").GetString() is not "RUNNING";
            },
            () => $"the commit of {id} ends: {last}");
        return last;
    }

    /// <summary>Removes what tenants committed.</summary>
    public async Task RemoveCommitsAsync()
    {
        foreach (var image in DockerEngine.WhyMissing is null ? await Cluster.CommitsAsync() : [])
        {
            await DockerEngine.DeleteAsync($"images/{image}?force=1", CancellationToken.None);
        }
    }

    private static async Task<string> MakeKeyAsync(RockCaller by, object body)
    {
        using var made = await by.Http.PostAsJsonAsync("/api/v1/keys", body);
        Assert.True(made.IsSuccessStatusCode, $"a key was to be made: {(int)made.StatusCode}");
        return (await made.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("secret").GetString()!;
    }

    private static T Running<T>(T? part)
        where T : class => part ?? throw new InvalidOperationException("The cluster does not run.");

    private RockCaller With(string key)
    {
        var caller = new RockCaller(Address);
        caller.Http.DefaultRequestHeaders.Add("X-API-Key", key);
        _callers.Add(caller);
        return caller;
    }
}
