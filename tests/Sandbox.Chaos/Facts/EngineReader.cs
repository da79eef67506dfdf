using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Sandbox.Testing;

namespace Sandbox.Chaos.Facts;

/// <summary>What the engine has of one cluster, past the code under test.</summary>
public sealed class EngineReader(string socket, string cluster)
{
    /// <summary>The file that marks are appended to.</summary>
    public const string MarksFile = "/marks";

    /// <summary>All containers, running or not.</summary>
    public async Task<IReadOnlyList<ContainerFact>> ContainersAsync()
    {
        using var http = DockerEngine.Connect(socket);
        var filters = Uri.EscapeDataString($$"""{"label":["{{DockerCluster.Label}}={{cluster}}"]}""");
        var listed = await http.GetFromJsonAsync<JsonArray>($"containers/json?all=1&filters={filters}");
        return [.. listed!.Select(container => Read(container!))];
    }

    /// <summary>The marks in each sandbox's container; of one that has no file of them, none. Read from its layers:
    /// the engine gives out no file of a stopped container whose mounts are gone.</summary>
    public async Task<IReadOnlyDictionary<string, IReadOnlyList<string>>> MarksAsync(IEnumerable<ContainerFact> containers)
    {
        using var http = DockerEngine.Connect(socket);
        var marks = new Dictionary<string, IReadOnlyList<string>>();
        foreach (var container in containers.DistinctBy(container => container.SandboxId))
        {
            using var answer = await http.GetAsync(new Uri($"containers/{container.Id}/json", UriKind.Relative));
            if (answer.StatusCode is not HttpStatusCode.NotFound
                && (await answer.Content.ReadFromJsonAsync<JsonNode>())!["GraphDriver"]?["Data"] is { } layers
                && (string?)layers["UpperDir"] is { } own && Directory.Exists(own))
            {
                // One that was archived and not written to since has them in a layer of its image.
                string[] all = [own, .. ((string?)layers["LowerDir"] ?? "").Split(':')];
                try
                {
                    marks[container.SandboxId] = all.FirstOrDefault(layer => File.Exists(layer + MarksFile)) is { } layer
                        ? Lines(await File.ReadAllTextAsync(layer + MarksFile)) : [];
                }
                catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
                {
                    // Removed since it was listed: its marks are gone.
                }
            }
        }

        return marks;
    }

    public static IReadOnlyList<string> Lines(string text) =>
        text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    private static ContainerFact Read(JsonNode container)
    {
        var labels = container["Labels"]!;
        return new ContainerFact(
            ((string)container["Id"]!)[..12], Label(labels, "sandbox"), Label(labels, "incarnation"), Label(labels, "node"),
            (string)container["State"]! == "running");
    }

    private static string Label(JsonNode labels, string name) => (string?)labels[$"sandbox.aspire/{name}"] ?? "";
}
