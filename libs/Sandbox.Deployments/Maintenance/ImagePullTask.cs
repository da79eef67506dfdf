using Docker.DotNet.Models;
using Microsoft.Extensions.Options;
using Sandbox.Contracts.Cluster;
using Sandbox.Deployments.Docker;
using Sandbox.Deployments.Images;
using Sandbox.Domain.Policies;
using Sandbox.Domain.Specs;
using Sandbox.Node;
using Sandbox.Node.Maintenance;
using Sandbox.Storage;

namespace Sandbox.Deployments.Maintenance;

/// <summary>Brings images to the engine before a sandbox needs them. They are the operator's own: a start of another tenant still asks the
/// registry whether it may have them, and then finds all their layers here.</summary>
internal sealed class ImagePullTask(
    EngineConnection engine, ImageLedger ledger, IOptions<ImagePolicy> policy, IOptions<WorkerOptions> worker,
    CurrentOptions<MaintenanceOptions> options) : IMaintenanceTask
{
    private readonly EngineImages _images = new(engine);

    public string Name => MaintenanceTasks.ImagePull;

    public bool IsOffered => worker.Value.AsksEngine;

    public async Task<string> RunAsync(MaintenanceOrder order, Action<string> progress, CancellationToken cancellationToken)
    {
        var names = order.Images.Count > 0 ? order.Images : options.Value.Images;
        List<string> pulled = [], failed = [];
        foreach (var name in names)
        {
            var problem = ImageReference.WhyRefused(name)
                ?? await WhyNotPulledAsync(ImageReference.Parse(name)!, progress, cancellationToken);
            (problem is null ? pulled : failed).Add(problem is null ? name : $"{name} {problem}");
        }

        return failed.Count == 0
            ? $"pulled {(pulled.Count == 0 ? "nothing: no image is named" : string.Join(", ", pulled))}"
            : throw new MaintenanceException($"{string.Join("; ", failed)}. {pulled.Count} of {names.Count} images were pulled.");
    }

    /// <returns>Why not, to be put behind its name; null: it is here.</returns>
    private async Task<string?> WhyNotPulledAsync(ImageReference image, Action<string> progress, CancellationToken cancellationToken)
    {
        try
        {
            var before = await _images.FindAsync(image, cancellationToken);
            var credentials = CredentialsFor(image);
            var told = new ToldPull(line => progress($"{image.Name}: {line}"));
            await _images.PullAsync(image, platform: null, credentials, told, cancellationToken);
            if (await _images.FindAsync(image, cancellationToken) is not { ID: { } id })
            {
                return "was removed again while it was pulled";
            }

            // So that its last use is known, and it goes like what a start has pulled.
            ledger.Grant(
                id, policy.Value.OperatorTenant, ledger.Fingerprint(credentials?.Username, credentials?.Password),
                wasAbsent: before?.ID != id);
            return null;
        }
        catch (EngineException exception)
        {
            return $"cannot be pulled: {exception.Message}";
        }
    }

    private AuthConfig? CredentialsFor(ImageReference image)
    {
        var current = options.Value;
        return current.RegistryUsername.Length > 0 && image.Registry is { } registry
            && registry.Equals(current.Registry, StringComparison.OrdinalIgnoreCase)
            ? new AuthConfig { Username = current.RegistryUsername, Password = current.RegistryPassword, ServerAddress = registry }
            : null;
    }

    private sealed class ToldPull(Action<string> tell) : IProgress<JSONMessage>
    {
        private readonly PullProgress _progress = new();

        public void Report(JSONMessage value)
        {
            _progress.Report(value);
            tell(_progress.Line);
        }
    }
}
