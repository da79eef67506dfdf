using Sandbox.Api.Rock;
using Sandbox.Contracts.Cluster;
using Sandbox.Contracts.Rock;
using Sandbox.Domain.Operators;
using Sandbox.Domain.Specs;

namespace Sandbox.Api.Ops;

/// <summary>Pulls an image on every node; answers when all have it, or cannot have it. How far they are <c>GET /api/v1/maintenance</c>
/// says meanwhile. For admins.</summary>
internal sealed class WarmupEndpoint(INodeMaintenance nodes, RockBody body)
{
    public const string FailureMessage = "warmup failed";

    public async Task HandleAsync(HttpContext http)
    {
        if (!await RockAdmin.IsAsync(http, FailureMessage) || await body.ReadAsync(http, RockRequests.Warmup) is not { } request)
        {
            return;
        }

        if (ImageReference.WhyRefused(request.Image) is { } reason)
        {
            await FailAsync(http, RockCodes.BadRequest, $"image: '{ShownText.Of(request.Image)}' {reason}");
            return;
        }

        var order = new MaintenanceOrder(Guid.NewGuid().ToString("N"), MaintenanceTasks.ImagePull, [request.Image]) { WaitsForEnd = true };
        var runs = await nodes.RunAsync(order, [], http.RequestAborted);
        var failed = runs.Where(run => run.State is MaintenanceRun.Failed).Select(run => $"{run.Node}: {run.Message}").ToList();
        var done = runs.Count(run => run.State is MaintenanceRun.Succeeded);
        await (failed.Count > 0 ? FailAsync(http, RockCodes.Internal, string.Join("; ", failed))
            : done == 0 ? FailAsync(http, RockCodes.Internal, "There is no node that could pull it.")
            : Envelopes.SucceedWithNothingAsync(http, $"{request.Image} is on {done} nodes"));
    }

    private static Task FailAsync(HttpContext http, int code, string reason) => Envelopes.FailAsync(
        http, FailureMessage, reason, new FailureResult(code, null, reason), RockJson.Default.FailureResult);
}
