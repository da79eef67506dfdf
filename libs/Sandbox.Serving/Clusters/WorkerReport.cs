namespace Sandbox.Serving.Clusters;

/// <param name="Id">Its id where it runs: of a process, an instance, an application.</param>
/// <param name="State">In the words of the place where it runs.</param>
public sealed record WorkerReport(string Id, string Name, bool IsRunning, string State);
