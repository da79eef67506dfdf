namespace Sandbox.Serving.Cml.Rest;

/// <param name="Cpu">Cores.</param>
/// <param name="Memory">GiB.</param>
/// <param name="Timeout">Seconds.</param>
/// <param name="ParentJobId">The job after whose success it runs; said only when it is made.</param>
public sealed record JobSettings(
    string Name, string Script, double Cpu, double Memory, int Timeout, string? RuntimeIdentifier, string? ParentJobId);
