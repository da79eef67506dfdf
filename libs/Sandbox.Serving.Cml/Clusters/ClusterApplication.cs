namespace Sandbox.Serving.Cml.Clusters;

/// <summary>A head or a worker: an application of the project.</summary>
/// <param name="Cpu">Cores.</param>
/// <param name="Memory">GiB.</param>
public sealed record ClusterApplication(string Id, string Name, double Cpu, double Memory, int Gpus);
