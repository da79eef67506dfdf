using System.Text.Json.Nodes;

namespace Sandbox.Serving.Cml.Fake;

public sealed class FakeJob(string id, JsonObject settings)
{
    public string Id { get; } = id;

    public JsonObject Settings { get; } = settings;

    /// <summary>Oldest first.</summary>
    public List<FakeRun> Runs { get; } = [];

    public string Name => (string)Settings["name"]!;

    public string? Parent => (string?)Settings["parent_job_id"];
}
