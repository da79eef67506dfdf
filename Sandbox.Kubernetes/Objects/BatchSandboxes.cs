namespace Sandbox.Kubernetes.Objects;

/// <summary>The custom resource, by its names.</summary>
internal static class BatchSandboxes
{
    public const string Group = "sandbox.opensandbox.io";
    public const string Version = "v1alpha1";
    public const string Kind = "BatchSandbox";
    public const string Plural = "batchsandboxes";
}
