using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Sandbox.Client.Contexts;
using Sandbox.Testing;
using Sandbox.Testing.Clusters;

namespace AppHost.Tests;

/// <summary>The stack as it runs, with a database, a Redis and an engine of this machine.</summary>
[Collection(nameof(StackCollection))]
public sealed class RunTests
{
    private static readonly string[] Greeting = ["echo", "hi"];
    private static readonly string[] Some = ["health", "node-1", "node-2", "node-3"];
    private static readonly string[] Processes = ["health", "api", "node-1", "node-2", "node-3", "node-4"];

    [NeedsDockerFact]
    public async Task Stack_ThatIsStarted_RunsSandboxesTakesCommandsAndLeavesNoProcess()
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        await DockerTestImage.EnsureAsync();
        using var folder = new TempFolder();
        await using var containers = new DockerCluster();
        await using var builder = await DistributedApplicationTestingBuilder.CreateAsync<Projects.AppHost>(
            ["--scratch", folder.Path, "--demo-image", DockerTestImage.Name, $"--Parameters:cluster-id={containers.ClusterId}"],
            cancellationToken);
        await using var app = await builder.BuildAsync(cancellationToken);
        await app.StartAsync(cancellationToken);
        var ids = new Dictionary<string, string>();
        foreach (var name in Processes)
        {
            ids[name] = (await app.ResourceNotifications.WaitForResourceHealthyAsync(name, cancellationToken)).ResourceId;
        }

        using var api = app.CreateHttpClient("api", "http");
        using (var refused = await api.GetAsync(new Uri("/api/v1/nodes", UriKind.Relative), cancellationToken))
        {
            Assert.True(refused.StatusCode is HttpStatusCode.Unauthorized, "the API of a stack always wants a key");
        }

        var context = ContextFile.OfUser().Read().Contexts.Values.Single(one => one.IsAt(api.BaseAddress!));
        api.DefaultRequestHeaders.Add("X-API-Key", context.ApiKey);
        // Of one of its replicas: by the name of them all, Aspire would find none, or ask each.
        var demo = await app.ResourceCommands.ExecuteCommandAsync(ids["api"], "create-demo-sandbox", cancellationToken);
        Assert.True(demo.Success, $"the demo sandbox was to run: {demo.Message}");
        var id = demo.Message!.Split(' ')[1];
        using var answer = await api.PostAsJsonAsync(
            "/apis/envs/sandbox/v1/execute", new { sandbox_id = id, command = Greeting }, cancellationToken);
        var envelope = await answer.Content.ReadFromJsonAsync<JsonElement>(cancellationToken);
        Assert.Equal("hi", envelope.GetProperty("result").GetProperty("stdout").GetString()?.Trim());

        var drained = await app.ResourceCommands.ExecuteCommandAsync("node-3", "drain", cancellationToken);
        Assert.True(drained.Success, $"node-3 was to be drained: {drained.Message}");
        Assert.Contains(
            "\"draining\":true",
            await api.GetStringAsync(new Uri("/api/v1/nodes", UriKind.Relative), cancellationToken),
            StringComparison.Ordinal);

        var stopped = await app.ResourceCommands.ExecuteCommandAsync("node-4", KnownResourceCommands.StopCommand, cancellationToken);
        Assert.True(stopped.Success, $"node-4 was to be stopped: {stopped.Message}");
        await app.ResourceNotifications.WaitForResourceAsync("node-4", KnownResourceStates.Finished, cancellationToken);

        Assert.Throws<ArgumentException>(() => app.CreateHttpClient("nobody"));
        var unknown = await app.ResourceCommands.ExecuteCommandAsync("nobody", "drain", cancellationToken);
        Assert.False(unknown.Success, "a command of a resource that is not there was to fail");
        Assert.Contains("nobody", unknown.Message, StringComparison.Ordinal);

        var processes = Some.Select(name => ProcessOf(app, name)).ToList();
        await app.StopAsync(cancellationToken);

        var left = processes;
        await Wait.UntilAsync(
            () => Task.FromResult((left = [.. left.Where(process => Directory.Exists($"/proc/{process}"))]).Count == 0),
            () => $"each process ends with the stack, but not {string.Join(' ', left)}");
    }

    private static string ProcessOf(DistributedApplication app, string name)
    {
        Assert.True(app.ResourceNotifications.TryGetCurrentState(name, out var state), $"{name} was to have a state");
        var id = state.Snapshot.Properties.Single(property => property.Name == "executable.pid").Value;
        var text = Convert.ToString(id, CultureInfo.InvariantCulture)!;
        Assert.True(Directory.Exists($"/proc/{text}"), $"{name} was to run as process {text}");
        return text;
    }
}
