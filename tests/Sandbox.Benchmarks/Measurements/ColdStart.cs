using System.Text.Json.Nodes;
using Sandbox.Benchmarks.Engine;
using Sandbox.Contracts.Ids;

namespace Sandbox.Benchmarks.Measurements;

/// <summary>Create → first command finished over HTTP, beside the engine's own create + start with the same HostConfig.</summary>
internal static class ColdStart
{
    private const int Pairs = 25;

    public static async Task RunAsync(Bench bench)
    {
        var body = await ModelAsync(bench);
        var (ours, raw) = (new Samples(), new Samples());
        for (var pair = 0; pair < Pairs; pair++)
        {
            SandboxId id = default;
            await ours.TimeAsync(async () =>
            {
                id = await bench.StartAsync();
                await bench.ExecuteTrueAsync(id);
            });
            await bench.RemoveAsync(id);

            var container = "";
            await raw.TimeAsync(async () => container = await bench.Engine.CreateAndStartAsync(body));
            await bench.Engine.RemoveAsync(container);
        }

        bench.Add(Row.AtMost(
            "cold start: create → first command finished, by raw create + start", ours.Median / raw.Median, "×", 1.15,
            $"ours {ours}; raw {raw}"));
    }

    /// <summary>A container of ours as the body of a request; it stays until the end, because its folders are mounted.</summary>
    private static async Task<JsonObject> ModelAsync(Bench bench)
    {
        var model = await bench.StartAsync();
        return RawEngine.SameAs(await bench.Engine.InspectAsync(await bench.Engine.ContainerOfAsync(model.ToString())));
    }
}
