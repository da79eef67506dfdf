namespace Sandbox.Worker.Head;

/// <summary>What one process of a cluster does for all of it, again and again.</summary>
internal interface IClusterDuty
{
    TimeSpan Every { get; }

    /// <param name="cancellationToken">Ends when the right to do it does.</param>
    Task RunAsync(CancellationToken cancellationToken);
}
