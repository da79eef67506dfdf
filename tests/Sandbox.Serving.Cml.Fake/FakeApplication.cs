using System.Diagnostics;
using System.Text.Json.Nodes;

namespace Sandbox.Serving.Cml.Fake;

/// <param name="process">What it runs; null where the server starts no processes.</param>
public sealed class FakeApplication(string id, JsonObject settings, Process? process)
{
    public string Id { get; } = id;

    public JsonObject Settings { get; } = settings;

    public Process? Process { get; } = process;

    public string Name => (string)Settings["name"]!;
}
