namespace Sandbox.Deployments.Local;

/// <summary>Whether anything stands between a Local sandbox and this machine.</summary>
public interface ILocalIsolation
{
    /// <summary>False: bubblewrap is missing or does not work here.</summary>
    Task<bool> WorksAsync(CancellationToken cancellationToken);
}
