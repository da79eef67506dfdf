using System.Net.Http.Json;
using System.Text.Json;

namespace AppHost;

/// <summary>What a person asks of the running stack, by buttons of the dashboard.</summary>
internal static class Commands
{
    private const string DefaultImage = "sandbox-base:latest";

    /// <param name="image">Null: the image that the command line takes too.</param>
    public static IResourceBuilder<ProjectResource> WithDemoCommand(
        this IResourceBuilder<ProjectResource> api, string? image, ApiAccess access) =>
        api.WithCommand(
            "create-demo-sandbox", "Create demo sandbox",
            context => CreateAsync(api.GetEndpoint("http"), access, image ?? DefaultImage, context.CancellationToken),
            new CommandOptions
            {
                Description = "Starts a sandbox that is deleted an hour after it stopped.",
                IconName = "BoxMultiple",
                IsHighlighted = true,
            });

    public static IResourceBuilder<ProjectResource> WithDrainCommand(
        this IResourceBuilder<ProjectResource> node, IResourceBuilder<ProjectResource> api, ApiAccess access) => node
        .WithCommand(
            "drain", "Drain worker",
            context => SetDrainingAsync(api.GetEndpoint("http"), access, node.Resource.Name, "drain", context.CancellationToken),
            new CommandOptions { Description = "It takes no new sandboxes; those that it has go on.", IconName = "PauseCircle" })
        .WithCommand(
            "undrain", "Take sandboxes again",
            context => SetDrainingAsync(api.GetEndpoint("http"), access, node.Resource.Name, "undrain", context.CancellationToken),
            new CommandOptions { Description = "It takes new sandboxes again.", IconName = "PlayCircle" });

    private static async Task<ExecuteCommandResult> CreateAsync(
        EndpointReference api, ApiAccess access, string image, CancellationToken cancellationToken)
    {
        var id = $"demo-{Guid.NewGuid().ToString("N")[..8]}";
        using var http = access.Client(TimeSpan.FromMinutes(2));
        using var answer = await http.PostAsJsonAsync(
            $"{api.Url}/apis/envs/sandbox/v1/start",
            new { sandbox_id = id, image, memory = "256m", cpus = 0.5, auto_delete_seconds = 3600 },
            cancellationToken);
        var envelope = await answer.Content.ReadFromJsonAsync<JsonElement>(cancellationToken);
        return envelope.GetProperty("status").GetString() is "Success"
            ? CommandResults.Success($"sandbox {id} runs: SANDBOX_URL={api.Url} ./sandbox exec {id} -- echo hi")
            : CommandResults.Failure(Reason(envelope));
    }

    private static async Task<ExecuteCommandResult> SetDrainingAsync(
        EndpointReference api, ApiAccess access, string node, string verb, CancellationToken cancellationToken)
    {
        using var http = access.Client(TimeSpan.FromSeconds(30));
        using var answer = await http.PostAsync($"{api.Url}/api/v1/nodes/{node}/{verb}", content: null, cancellationToken);
        return answer.IsSuccessStatusCode
            ? CommandResults.Success($"{node}: {verb} done")
            : CommandResults.Failure($"{node}: {(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync(cancellationToken)}");
    }

    private static string Reason(JsonElement envelope) => $"{TextOf(envelope, "message")} {TextOf(envelope, "error")}".Trim();

    private static string TextOf(JsonElement envelope, string part) => envelope.TryGetProperty(part, out var text) ? text.ToString() : "";
}
