using System.ComponentModel;
using System.Diagnostics;
using Sandbox.ClusterFile.Settings;
using Sandbox.Contracts.Wire;

namespace Sandbox.ClusterFile.Hosts;

/// <summary>What cluster.yaml does not say of the machine is found out on it.</summary>
/// <param name="IpAddress">Null: it has no address but loopback.</param>
public sealed record HostFacts(string? IpAddress, bool HasGpu)
{
    private static readonly TimeSpan AskFor = TimeSpan.FromSeconds(5);

    /// <summary>What is written counts; only the rest is asked for.</summary>
    public static async Task<HostFacts> FindAsync(HostSettings host, TimeProvider time, CancellationToken cancellationToken) =>
        new(
            host.IpAddress ?? (MachineAddress.Outward() ?? MachineAddress.Any())?.ToString(),
            host.HasGpu ?? await SeesGpuAsync(time, cancellationToken));

    private static async Task<bool> SeesGpuAsync(TimeProvider time, CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(AskFor, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
        try
        {
            using var process = Process.Start(
                new ProcessStartInfo("nvidia-smi") { RedirectStandardOutput = true, RedirectStandardError = true })!;
            try
            {
                await process.WaitForExitAsync(either.Token);
                return process.ExitCode == 0;
            }
            catch (OperationCanceledException)
            {
                process.Kill();
                cancellationToken.ThrowIfCancellationRequested();
                return false;
            }
        }
        catch (Win32Exception)
        {
            return false; // There is no such program.
        }
    }
}
