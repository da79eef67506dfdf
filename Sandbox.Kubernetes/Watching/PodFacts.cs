using System.Globalization;
using k8s.Models;
using Sandbox.Domain.Lifecycle;

namespace Sandbox.Kubernetes.Watching;

internal enum PodStage
{
    Waiting,
    Running,
    Ended,
}

/// <summary>What a pod's status says, in our words.</summary>
/// <param name="Phase">The phase of a start that it is in, or failed in.</param>
/// <param name="Reason">Why it waits or has ended.</param>
/// <param name="PullFails">Its image cannot be pulled; the cluster tries again.</param>
/// <param name="Hopeless">Waiting will not help.</param>
internal sealed record PodFacts(PodStage Stage, string Phase, string Reason, bool PullFails, bool Hopeless)
{
    private static readonly string[] Pulling = ["ErrImagePull", "ImagePullBackOff", "ImageInspectError", "RegistryUnavailable"];
    private static readonly string[] Never = ["InvalidImageName", "ErrImageNeverPull"];

    public static PodFacts Of(V1Pod pod)
    {
        if (pod.Metadata.DeletionTimestamp is not null)
        {
            return new PodFacts(PodStage.Ended, SandboxPhase.DockerRun, "its pod is being deleted", false, true);
        }

        return pod.Status?.Phase switch
        {
            "Failed" or "Succeeded" => new PodFacts(PodStage.Ended, SandboxPhase.DockerRun, EndOf(pod.Status), false, true),
            "Running" when MainContainer(pod)?.State?.Terminated is { } ended =>
                new PodFacts(PodStage.Ended, SandboxPhase.DockerRun, EndOf(ended), false, true),
            "Running" => new PodFacts(PodStage.Running, SandboxPhase.DockerRun, "its pod runs", false, false),
            _ => Waiting(pod),
        };
    }

    private static V1ContainerStatus? MainContainer(V1Pod pod) =>
        pod.Status.ContainerStatuses?.FirstOrDefault(container => container.Name == "main")
            ?? pod.Status.ContainerStatuses?.FirstOrDefault();

    private static PodFacts Waiting(V1Pod pod)
    {
        var waiting = (pod.Status?.InitContainerStatuses ?? []).Concat(pod.Status?.ContainerStatuses ?? [])
            .Select(container => (container.Name, container.State?.Waiting))
            .Where(container => container.Waiting?.Reason is not (null or "PodInitializing" or "ContainerCreating"))
            .ToList();
        if (waiting is [var (name, why), ..])
        {
            var hopeless = Never.Contains(why!.Reason);
            var pulls = hopeless || Pulling.Contains(why.Reason);

            // What the kubelet says of a pull tells what answers at which address, in a registry's words: that is not for tenants.
            return new PodFacts(
                PodStage.Waiting, pulls ? SandboxPhase.ImagePull : SandboxPhase.DockerRun,
                Line($"{why.Reason} ({name})", pulls ? null : why.Message), pulls, hopeless);
        }

        var unscheduled = pod.Status?.Conditions?.FirstOrDefault(condition => condition is { Type: "PodScheduled", Status: "False" });
        return unscheduled is not null
            ? new PodFacts(
                PodStage.Waiting, SandboxPhase.DockerRun, Line(unscheduled.Reason ?? "not scheduled", unscheduled.Message), false, false)
            : new PodFacts(
                PodStage.Waiting, SandboxPhase.ImagePull,
                pod.Spec?.NodeName is { } node ? $"starting on {node}" : "waiting for a node", false, false);
    }

    private static string EndOf(V1PodStatus status)
    {
        var ended = (status.InitContainerStatuses ?? []).Concat(status.ContainerStatuses ?? [])
            .Select(container => container.State?.Terminated)
            .FirstOrDefault(terminated => terminated is { ExitCode: not 0 })
            ?? status.ContainerStatuses?.Select(container => container.State?.Terminated)
                .FirstOrDefault(terminated => terminated is not null);

        // The pod's own reason (Evicted, NodeLost, DeadlineExceeded) says more than the end of its containers.
        return status.Reason is { Length: > 0 } reason ? Line(reason, status.Message)
            : ended is not null ? EndOf(ended)
            : "its pod has ended";
    }

    private static string EndOf(V1ContainerStateTerminated ended) => ended.Reason switch
    {
        "OOMKilled" => $"out of memory, exit code {ended.ExitCode.ToString(CultureInfo.InvariantCulture)}",
        null or "" or "Error" or "Completed" => $"exit code {ended.ExitCode.ToString(CultureInfo.InvariantCulture)}",
        _ => Line($"{ended.Reason}, exit code {ended.ExitCode.ToString(CultureInfo.InvariantCulture)}", ended.Message),
    };

    private static string Line(string reason, string? message) =>
        string.IsNullOrWhiteSpace(message) ? reason : $"{reason}: {message.Trim()}";
}
