using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Nodes;
using Sandbox.Testing;
using Sandbox.Testing.Clusters;

namespace Sandbox.Attacks.Tests;

/// <summary>What a tenant may do to the images of a node, which its engine has for everybody.</summary>
[Collection(nameof(AttackCollection))]
public sealed class ImageAttackTests(AttackedCluster attacked) : IAsyncLifetime
{
    private static readonly string[] Command = ["true"];
    private readonly TestSandboxes _sandboxes = new("image");
    private readonly List<string> _images = [];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await _sandboxes.DisposeAsync();

        // Also what the hostile tenant made of images that other classes start from.
        await attacked.RemoveCommitsAsync();
        foreach (var image in _images)
        {
            await DockerEngine.DeleteAsync($"images/{image}?force=1", CancellationToken.None);
        }
    }

    [NeedsDockerFact]
    public async Task Commit_OverAnImageThatEverybodyStarts_ChangesItForTheCommitterOnly()
    {
        var before = await IdOfAsync(DockerTestImage.Name);
        var evil = await _sandboxes.RunAsync(attacked.Mallory);
        await attacked.Mallory.ExecuteAsync(evil, "echo pwned > /mark");

        await CommittedAsync(attacked.Mallory, evil, DockerTestImage.Name);

        Assert.Equal(before, await IdOfAsync(DockerTestImage.Name));
        var red = await _sandboxes.RunAsync(attacked.Red);
        Assert.Equal("clean\n", await attacked.Red.ExecuteAsync(red, "cat /mark 2>/dev/null || echo clean"));
        var own = await _sandboxes.RunAsync(attacked.Mallory);
        Assert.Equal("pwned\n", await attacked.Mallory.ExecuteAsync(own, "cat /mark"));
    }

    [NeedsDockerTheory]
    [InlineData("sandbox-cluster:latest")]
    [InlineData("sandbox-postgres:local")]
    [InlineData("postgres:17")]
    public async Task Commit_UnderANameOfAnImageOfThePlatform_GivesTheEngineNoSuchName(string name)
    {
        var before = await IdOfAsync(name);
        var evil = await _sandboxes.RunAsync(attacked.Mallory);

        await CommittedAsync(attacked.Mallory, evil, name);

        Assert.Equal(before, await IdOfAsync(name));
    }

    [NeedsDockerFact]
    public async Task Commit_UnderTheNameOfAnothersCommit_LeavesEachItsOwn()
    {
        var red = await _sandboxes.RunAsync(attacked.Red);
        await attacked.Red.ExecuteAsync(red, "echo red > /whose");
        await CommittedAsync(attacked.Red, red, "victim:1");
        var evil = await _sandboxes.RunAsync(attacked.Mallory);
        await attacked.Mallory.ExecuteAsync(evil, "echo mallory > /whose");

        await CommittedAsync(attacked.Mallory, evil, "victim:1");

        var of = await _sandboxes.RunAsync(attacked.Red, ("image", "victim:1"));
        Assert.Equal("red\n", await attacked.Red.ExecuteAsync(of, "cat /whose"));
        var theirs = await _sandboxes.RunAsync(attacked.Mallory, ("image", "library/victim:1"));
        Assert.Equal("mallory\n", await attacked.Mallory.ExecuteAsync(theirs, "cat /whose"));
        Assert.Null(await IdOfAsync("victim:1"));
    }

    [NeedsDockerFact]
    public async Task Start_OfAnothersCommit_FindsNoImageUnderAnyName()
    {
        var red = await _sandboxes.RunAsync(attacked.Red);
        await attacked.Red.ExecuteAsync(red, "echo red > /secret");
        await CommittedAsync(attacked.Red, red, "kept-by-red:1");
        var kept = Assert.Single(
            await attacked.Cluster.CommitsAsync(), name => name.EndsWith("/library/kept-by-red:1", StringComparison.Ordinal));
        var id = (await IdOfAsync(kept))!;

        await AssertNotStartedAsync(attacked.Mallory, "is not present on this node", ("image", "kept-by-red:1"));
        await AssertNotStartedAsync(attacked.Mallory, "keeps for itself", ("image", kept));
        await AssertNotStartedAsync(attacked.Mallory, "keeps for itself", ("image", $"docker.io/{kept}"));
        foreach (var text in IdsOf(id))
        {
            await AssertNotStartedAsync(attacked.Mallory, "reads like the id", ("image", text));
        }
    }

    [NeedsDockerFact]
    public async Task Start_OfTheImageOfAnothersRestoredArchive_FindsNoImage()
    {
        var red = await _sandboxes.RunAsync(attacked.Red);
        await attacked.Red.ExecuteAsync(red, "echo secret > /root/secret");
        await attacked.Red.MustPostAsync("stop", new { sandbox_id = red });
        await attacked.Red.MustPostAsync($"sandboxes/{red}/archive", new { });
        await attacked.Red.UntilStateAsync(red, "archived");
        await attacked.Red.MustPostAsync("restart", new { sandbox_id = red });
        await attacked.Red.UntilAliveAsync(red);
        var container = await ContainerOfAsync(red);
        var id = (string)container!["Image"]!;

        foreach (var text in IdsOf(id))
        {
            await AssertNotStartedAsync(attacked.Mallory, "reads like the id", ("image", text));
        }

        var tags = (await DockerEngine.GetAsync($"images/{id}/json", Token))!["RepoTags"]!.AsArray().Select(tag => (string)tag!);
        foreach (var tag in tags)
        {
            await AssertNotStartedAsync(attacked.Mallory, "keeps for itself", ("image", tag));
        }

        Assert.Equal("secret\n", await attacked.Red.ExecuteAsync(red, "cat /root/secret"));
    }

    [NeedsDockerFact]
    public async Task Start_OfAnImageOfTheOperators_FindsNoImage()
    {
        var name = await GivenImageAsync("sandbox-attacks-operators");

        await AssertNotStartedAsync(attacked.Mallory, "is not present on this node", ("image", name));
        await AssertNotStartedAsync(attacked.Mallory, "is not present on this node", ("image", $"docker.io/library/{name}"));
        await AssertNotStartedAsync(attacked.Mallory, "is not one that can be pulled here", ("image", name), ("pull", "missing"));
    }

    [NeedsDockerTheory]
    [InlineData("sandbox-attacks-shared")]
    [InlineData("mallory-at-the-hub/tool")]
    public async Task Start_ThatPullsOverAnImageOfTheOperators_IsRefused(string repository)
    {
        var name = await GivenImageAsync(repository);
        var before = await IdOfAsync(name);

        await AssertNotStartedAsync(attacked.Mallory, "is not one that can be pulled here", ("image", name), ("pull", "always"));

        Assert.Equal(before, await IdOfAsync(name));
    }

    [NeedsDockerFact]
    public async Task Start_ThatIsToRemoveASharedImage_LeavesIt()
    {
        var name = await GivenImageAsync("sandbox-attacks-shared");
        var evil = await _sandboxes.RunAsync(attacked.Mallory, ("image", name), ("remove_image", true));

        await attacked.Mallory.MustPostAsync("stop", new { sandbox_id = evil });
        await attacked.Mallory.MustPostAsync("delete", new { sandbox_id = evil });
        await Wait.UntilAsync(async () => await ContainerOfAsync(evil) is null, () => $"the container of {evil} has gone");

        var red = await _sandboxes.RunAsync(attacked.Red, ("image", name));
        Assert.True(await attacked.Red.IsAliveAsync(red), "the shared image was to start for another tenant");
    }

    [NeedsDockerFact]
    public async Task Start_OfAnImageWithLabelsOfThePlatform_GivesItsContainerNoneOfThem()
    {
        var name = await GivenImageAsync(
            "sandbox-attacks-shared",
            "LABEL sandbox.aspire/remove-image=" + DockerTestImage.Name, "LABEL sandbox.aspire/compose-project=sandbox",
            "LABEL com.docker.compose.project=sandbox", "LABEL sandbox.aspire/tenant=red");

        var evil = await _sandboxes.RunAsync(attacked.Mallory, ("image", name));

        var labels = (await ContainerOfAsync(evil))!["Config"]!["Labels"]!;
        string[] read =
            ["sandbox.aspire/remove-image", "sandbox.aspire/compose-project", "com.docker.compose.project", "sandbox.aspire/tenant"];
        Assert.Equal(["", "", "", "mallory"], read.Select(label => (string?)labels[label]));
    }

    [NeedsDockerFact]
    public async Task Start_OfAnImageOfAnAddressOrOfThisMachine_ConnectsNowhere()
    {
        using var listener = new TcpListener(IPAddress.Any, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;

        foreach (var host in (string[])["127.0.0.1", "localhost", "127.1", "0.0.0.0", "169.254.169.254", "10.0.0.5"])
        {
            await AssertNotStartedAsync(
                attacked.Mallory, "is not one that this server uses", ("image", $"{host}:{port}/a"), ("pull", "missing"));
        }

        Assert.False(listener.Pending(), "no engine was to connect to what a tenant named");
    }

    [NeedsDockerFact]
    public async Task Commit_ToARegistryOfThisMachine_ConnectsNowhere()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var evil = await _sandboxes.RunAsync(attacked.Mallory);

        var ended = await AttackedCluster.CommitAsync(attacked.Mallory, evil, $"127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}/a:1");

        Assert.Equal("FAILED", ended.GetProperty("phase").GetString());
        Assert.Contains("is not one that this server uses", ended.GetProperty("error_message").GetString(), StringComparison.Ordinal);
        Assert.False(listener.Pending(), "no engine was to connect to what a tenant named");
    }

    /// <summary>The hole of every node that keeps images: it asked the registry once, for somebody else.</summary>
    [NeedsDockerFact]
    public async Task Start_OfAPrivateImageThatAnotherTenantPulled_AsksTheRegistryAgain()
    {
        TestRegistry.Need();
        var name = $"{attacked.Registry!.Name}/red/private:1";
        await PushAsync(attacked.Red, name, "echo private > /data");
        Assert.Null(await IdOfAsync(name));
        var red = await _sandboxes.RunAsync(attacked.Red, [("image", name), ("pull", "missing"), .. Login("right")]);
        Assert.Equal("private\n", await attacked.Red.ExecuteAsync(red, "cat /data"));
        _images.Add(name);

        await AssertNotStartedAsync(attacked.Mallory, "is not present on this node", ("image", name), ("pull", "never"));
        await AssertNotStartedAsync(
            attacked.Mallory, "does not give it to these credentials", ("image", name), ("pull", "missing"));
        await AssertNotStartedAsync(
            attacked.Mallory, "does not give it to these credentials", [("image", name), ("pull", "missing"), .. Login("wrong")]);

        var again = await _sandboxes.RunAsync(attacked.Red, [("image", name), ("pull", "never"), .. Login("right")]);
        Assert.Equal("private\n", await attacked.Red.ExecuteAsync(again, "cat /data"));
        var blue = await _sandboxes.RunAsync(attacked.Blue, [("image", name), ("pull", "missing"), .. Login("right")]);
        Assert.Equal("private\n", await attacked.Blue.ExecuteAsync(blue, "cat /data"));
    }

    [NeedsDockerFact]
    public async Task Push_UnderTheNameOfAPrivateImageOnTheNode_LeavesItToItsTenant()
    {
        TestRegistry.Need();
        var name = $"{attacked.Registry!.Name}/red/pushed:1";
        await PushAsync(attacked.Red, name, "echo red > /data");
        var red = await _sandboxes.RunAsync(attacked.Red, [("image", name), ("pull", "missing"), .. Login("right")]);
        _images.Add(name);
        var before = await IdOfAsync(name);
        var evil = await _sandboxes.RunAsync(attacked.Mallory);

        var ended = await AttackedCluster.CommitAsync(attacked.Mallory, evil, name, "u", "wrong");

        Assert.Equal("LOGIN_FAILED", ended.GetProperty("error_code").GetString());
        Assert.Equal(before, await IdOfAsync(name));
        Assert.Equal("red\n", await attacked.Red.ExecuteAsync(red, "cat /data"));
        Assert.DoesNotContain(
            await attacked.Cluster.CommitsAsync(), kept => kept.Contains("/unpushed:", StringComparison.Ordinal));
    }

    [NeedsDockerFact]
    public async Task Start_ThatIsToRemoveAnImageThatAnotherTenantPulledToo_LeavesIt()
    {
        TestRegistry.Need();
        var name = $"{attacked.Registry!.Name}/team/both:1";
        await PushAsync(attacked.Red, name, "echo both > /data");
        (string, object?)[] start = [("image", name), ("pull", "missing"), .. Login("right")];
        await StopAsync(attacked.Red, await _sandboxes.RunAsync(attacked.Red, start));
        _images.Add(name);

        await StopAsync(attacked.Mallory, await _sandboxes.RunAsync(attacked.Mallory, [.. start, ("remove_image", true)]));

        Assert.NotNull(await IdOfAsync(name));
        var red = await _sandboxes.RunAsync(attacked.Red, [.. Login("right"), ("image", name), ("pull", "never")]);
        Assert.Equal("both\n", await attacked.Red.ExecuteAsync(red, "cat /data"));
    }

    [NeedsDockerFact]
    public async Task Start_ThatIsToRemoveTheImageThatItsTenantBrought_RemovesIt()
    {
        TestRegistry.Need();
        var name = $"{attacked.Registry!.Name}/red/alone:1";
        await PushAsync(attacked.Red, name, "true");

        await StopAsync(
            attacked.Red,
            await _sandboxes.RunAsync(attacked.Red, [("image", name), ("pull", "missing"), ("remove_image", true), .. Login("right")]));

        Assert.Null(await IdOfAsync(name));
    }

    private static (string, object?)[] Login(string password) => [("registry_username", "u"), ("registry_password", password)];

    /// <summary>Ways in which engines let an image be named by its id.</summary>
    private static IEnumerable<string> IdsOf(string id)
    {
        var hex = id["sha256:".Length..];
        return [id, hex, hex[..12], hex[..2], $"sha256:{hex[..12]}", $"sha256:{hex[..2]}"];
    }

    private static async Task<string?> IdOfAsync(string image) =>
        (string?)(await DockerEngine.GetAsync($"images/{image}/json", Token))?["Id"];

    private Task<JsonNode?> ContainerOfAsync(string sandbox) => attacked.ContainerOfAsync(sandbox, Token);

    /// <summary>An image of the engine's that is no other's, as an operator makes one.</summary>
    private async Task<string> GivenImageAsync(string repository, params string[] changes)
    {
        var (tag, changed) = ($"{Guid.NewGuid():N}", string.Concat(changes.Select(change => $"&changes={Uri.EscapeDataString(change)}")));
        using var made = JsonDocument.Parse(
            await DockerEngine.PostAsync("containers/create", new { Image = DockerTestImage.Name, Cmd = Command }, Token));
        var container = made.RootElement.GetProperty("Id").GetString()!;
        await DockerEngine.PostAsync(
            $"commit?container={container}&repo={Uri.EscapeDataString(repository)}&tag={tag}{changed}",
            new { Env = (string[])[$"MADE={tag}"] }, Token);
        await DockerEngine.RemoveContainerAsync(container, Token);
        _images.Add($"{repository}:{tag}");
        return $"{repository}:{tag}";
    }

    /// <summary>Refused at once, or failed for the image's sake.</summary>
    private async Task AssertNotStartedAsync(RockCaller caller, string reason, params (string Field, object? Value)[] more)
    {
        var id = _sandboxes.Named(caller);
        var answer = await caller.StartAsync(id, more);
        if (answer.GetProperty("status").GetString() is "Success")
        {
            await Wait.UntilAsync(
                async () => (await caller.StatusAsync(id)).GetProperty("state").GetString() is not "pending",
                () => $"{id} was to fail");
            answer = await caller.StatusAsync(id);
            Assert.True(answer.GetProperty("state").GetString() is "stopped", $"{more[0]} was not to start: {answer}");
        }

        Assert.True(
            answer.GetRawText().Contains(reason, StringComparison.Ordinal), $"{more[0]} was to be refused with '{reason}': {answer}");
        Assert.DoesNotContain("dial tcp", answer.GetRawText(), StringComparison.Ordinal);
    }

    private static async Task StopAsync(RockCaller caller, string id)
    {
        await caller.MustPostAsync("stop", new { sandbox_id = id });
        await caller.MustPostAsync("delete", new { sandbox_id = id });
    }

    private async Task PushAsync(RockCaller caller, string name, string script)
    {
        var id = await _sandboxes.RunAsync(caller);
        await caller.ExecuteAsync(id, script);
        await CommittedAsync(caller, id, name, "u", "right");
    }

    private static async Task CommittedAsync(
        RockCaller caller, string id, string name, string user = "", string password = "")
    {
        var ended = await AttackedCluster.CommitAsync(caller, id, name, user, password);
        Assert.True(ended.GetProperty("phase").GetString() is "SUCCEEDED", $"the commit of {id} as {name} was to succeed: {ended}");
    }
}
