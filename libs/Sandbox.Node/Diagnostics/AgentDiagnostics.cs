using System.Globalization;
using System.Security.Cryptography;
using Microsoft.Extensions.Options;
using Sandbox.Contracts.Agent;
using Sandbox.Contracts.Cluster;
using Sandbox.Node.Agents;

namespace Sandbox.Node.Diagnostics;

/// <summary>Which agent this node mounts into its sandboxes. It has no version of its own: the digest tells one build from
/// another.</summary>
internal sealed class AgentDiagnostics(SandboxFolders folders, IOptions<WorkerOptions> options) : IDiagnosticSource
{
    private const string Name = "agent";

    /// <summary>Characters of a digest that tell two builds apart.</summary>
    private const int Shown = 12;

    /// <summary>As the kernel names them.</summary>
    private static readonly string[] Architectures = ["x86_64", "aarch64"];

    public string Subject => "agent";

    public async Task<IReadOnlyList<DiagnosticCheck>> CheckAsync(CancellationToken cancellationToken)
    {
        var (native, managed) = (new List<string>(), options.Value.ManagedAgent);
        foreach (var architecture in options.Value.AgentFolder.Length > 0 ? Architectures : [])
        {
            var file = Path.Combine(folders.AgentBinary(architecture), AgentRoutes.BinaryName);
            if (File.Exists(file))
            {
                native.Add($"{architecture} {await DescribeAsync(file, cancellationToken)}");
            }
        }

        return native.Count > 0 ? [DiagnosticCheck.Good(Name, string.Join(", ", native))]
            : managed.Length > 0 && File.Exists(managed)
                ? [DiagnosticCheck.Good(Name, $"as a .NET program, {await DescribeAsync(managed, cancellationToken)}")]
            : options.Value.AgentFolder.Length + managed.Length > 0
                ? [DiagnosticCheck.Fail(
                    Name, "missing where the configuration says: no sandbox starts", "build it, or set Worker:AgentFolder")]

            // A node that takes what the templates of its pods bring.
            : [];
    }

    private static async Task<string> DescribeAsync(string file, CancellationToken cancellationToken)
    {
        await using var content = File.OpenRead(file);
        var digest = Convert.ToHexStringLower(await SHA256.HashDataAsync(content, cancellationToken))[..Shown];
        return string.Create(CultureInfo.InvariantCulture, $"sha256:{digest}, {content.Length / 1e6:0.0} MB");
    }
}
