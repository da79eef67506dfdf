using Sandbox.Deployments.Docker;
using Sandbox.Node.Maintenance;

namespace Sandbox.Deployments.Maintenance;

/// <summary>What an engine says that does not answer, or refuses, is why a task was not done.</summary>
internal static class EngineFailure
{
    /// <exception cref="MaintenanceException">What the engine said.</exception>
    public static async Task<string> TranslateAsync(Func<Task<string>> work)
    {
        try
        {
            return await work();
        }
        catch (EngineException exception)
        {
            throw new MaintenanceException(exception.Message);
        }
    }
}
