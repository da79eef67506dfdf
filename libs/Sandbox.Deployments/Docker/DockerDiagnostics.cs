using Docker.DotNet.Models;
using Microsoft.Extensions.Options;
using Sandbox.Contracts.Cluster;
using Sandbox.Deployments.Machine;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Policies;
using Sandbox.Node;
using Sandbox.Node.Diagnostics;

namespace Sandbox.Deployments.Docker;

/// <summary>What is in effect of the sandboxes that this node's engine runs.</summary>
internal sealed class DockerDiagnostics(
    EngineConnection engine, SandboxNetworks networks, IOptions<SecurityPolicy> security, IOptions<ImagePolicy> images,
    IOptions<WorkerOptions> worker) : IDiagnosticSource
{
    public string Subject => "engine";

    public async Task<IReadOnlyList<DiagnosticCheck>> CheckAsync(CancellationToken cancellationToken)
    {
        if (worker.Value.Deployment is "local")
        {
            return [];
        }

        try
        {
            var info = await engine.CallAsync(
                "info", (client, token) => client.System.GetSystemInfoAsync(token), EngineConnection.QuickAnswer, cancellationToken);
            return
            [
                .. EngineChecks.Of(info, await engine.FactsAsync(cancellationToken), security.Value),
                await NetworkAsync(cancellationToken), Images(), .. FreeDisk(info),
            ];
        }
        catch (EngineException exception)
        {
            return [Silent(exception.Message)];
        }
    }

    private DiagnosticCheck Silent(string reason) => worker.Value.Deployment is "docker"
        ? DiagnosticCheck.Fail("engine", $"nothing is known of it: {reason}", "start the engine, and let this node use its socket")
        : DiagnosticCheck.Warn(
            "engine", $"none: {reason}", "install and start Docker; until then sandboxes are processes of this machine");

    /// <summary>Looks by doing: networks and rules that a start would need are made, and missing ones put back.</summary>
    private async Task<DiagnosticCheck> NetworkAsync(CancellationToken cancellationToken)
    {
        var effect = await networks.FindEffectAsync(cancellationToken);
        var policy = $"Security:Network is {security.Value.Network}";
        if (effect == NetworkEffect.Isolated)
        {
            return DiagnosticCheck.Good("network", $"isolated, rules in place ({policy})");
        }

        const string advice = "run the worker as root on the engine's own machine, with iptables (docs/networking.md)";
        return security.Value.Network is "required"
            ? DiagnosticCheck.Warn("network", $"{policy}, and no sandbox with a network starts here; {effect}", advice)
            : DiagnosticCheck.Fail("network", $"{effect} ({policy})", $"{advice}; Security:Network=required refuses such starts");
    }

    private DiagnosticCheck Images()
    {
        var registries = images.Value.Registries.Trim() is { Length: > 0 } listed ? $"from {listed}" : "from every public registry";
        var shared = images.Value.SharedImages.Trim() is { Length: > 0 } all ? $"shared: {all}" : "none is shared";
        return DiagnosticCheck.Good(
            "images", $"pulled {registries}; {shared}; those pulled are kept up to {worker.Value.ImageCache} together");
    }

    /// <summary>Nothing where the engine's folder is not seen from here.</summary>
    private static IEnumerable<DiagnosticCheck> FreeDisk(SystemInfoResponse info) =>
        Directory.Exists(info.DockerRootDir)
            ? [MachineDiagnostics.FreeDisk("engine_disk", info.DockerRootDir, "the engine's folder")] : [];
}
