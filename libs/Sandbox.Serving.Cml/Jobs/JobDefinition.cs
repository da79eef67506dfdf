namespace Sandbox.Serving.Cml.Jobs;

/// <summary>A job as the file of jobs has it.</summary>
/// <param name="Key">Its name within the file.</param>
/// <param name="Name">Its name in the project.</param>
/// <param name="Parent">The key of the job after whose success it runs.</param>
/// <param name="Cpu">Cores.</param>
/// <param name="Memory">GiB.</param>
public sealed record JobDefinition(
    string Key, string Name, string Script, string? Parent, TimeSpan Timeout, double Cpu, double Memory);
