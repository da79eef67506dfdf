namespace Sandbox.Node.Leadership;

/// <summary>A duty that one process of a cluster does for all of it, again and again.</summary>
internal interface IClusterDuty
{
    TimeSpan Every { get; }

    /// <summary>How long a new head looks on before its first round.</summary>
    TimeSpan LookOn => TimeSpan.Zero;

    /// <param name="cancellationToken">Ends when the lease to do it does.</param>
    Task RunAsync(CancellationToken cancellationToken);
}
