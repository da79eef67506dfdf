namespace Sandbox.Serving.Cml.Clusters;

/// <summary>A worker beside those of the start.</summary>
/// <param name="NodeType">Part of its name: <c>worker</c> or <c>gpu-worker</c>.</param>
/// <param name="Cpu">Cores.</param>
/// <param name="Memory">GiB.</param>
public sealed record WorkerRequest(string NodeType, double Cpu, double Memory, int Gpus);
