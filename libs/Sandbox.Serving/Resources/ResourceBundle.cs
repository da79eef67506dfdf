namespace Sandbox.Serving.Resources;

/// <summary>What is taken from one node together.</summary>
/// <param name="Cpus">Cores.</param>
/// <param name="Gpus">Whole GPUs.</param>
public sealed record ResourceBundle(int Cpus, int Gpus);
