namespace Sandbox.Serving.Cml.Clusters;

/// <param name="Status">In Cloudera ML's words, in lower case and without a prefix.</param>
/// <param name="Error">Why nothing is known; null otherwise.</param>
public sealed record ApplicationStatus(string Id, string Name, string Status, string? Error = null)
{
    public bool IsRunning => Status is "running";
}
