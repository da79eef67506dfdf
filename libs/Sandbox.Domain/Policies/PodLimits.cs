using Sandbox.Domain.Errors;
using Sandbox.Domain.Specs;

namespace Sandbox.Domain.Policies;

/// <summary>What a sandbox that is a pod cannot be or do, refused when it is asked for.</summary>
public static class PodLimits
{
    public static SandboxError.Unsupported NoRestart { get; } =
        new("restart", "a pod's files end with it, so a stopped sandbox of a Kubernetes cluster cannot be started again.");

    public static SandboxError.Unsupported NoArchive { get; } = new("archive", "a pod's files end with it.");

    /// <summary>Null: a pod can be like this.</summary>
    public static SandboxError.Unsupported? WhyImpossible(SandboxSpec spec) => spec switch
    {
        { Network: NetworkMode.None } =>
            new SandboxError.Unsupported("network none", "the agent of a pod reaches its owner over the network."),
        { Egress.IsOpen: false } => new SandboxError.Unsupported("egress", "the network policies of the Kubernetes cluster decide."),
        { UseKata: true } => new SandboxError.Unsupported("use_kata_runtime", "choose a template with a runtimeClassName instead."),
        { DockerArgs.Count: > 0 } => new SandboxError.Unsupported("docker_args", "no Docker engine is asked here."),
        { AutoArchive: not null } => NoArchive,
        _ => null,
    };
}
