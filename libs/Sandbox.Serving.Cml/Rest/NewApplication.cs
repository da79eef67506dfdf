using System.Collections.Immutable;

namespace Sandbox.Serving.Cml.Rest;

/// <param name="Script">What it runs: a file of the project.</param>
/// <param name="Cpu">Cores.</param>
/// <param name="Memory">GiB.</param>
/// <param name="NvidiaGpu">Null: none.</param>
/// <param name="Subdomain">Lower-case letters and digits joined by single hyphens; one application of a workspace has it.</param>
public sealed record NewApplication(
    string Name, string Script, double Cpu, double Memory, int? NvidiaGpu, string RuntimeIdentifier, string Subdomain)
{
    /// <summary>The workspace's own login is in front of no application: what runs there asks for our keys.</summary>
    public bool BypassAuthentication { get; } = true;

    public ImmutableSortedDictionary<string, string>? Environment { get; init; }
}
