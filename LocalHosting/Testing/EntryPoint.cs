using System.Reflection;
using Aspire.Hosting.Building;

namespace Aspire.Hosting.Testing;

/// <summary>Runs an AppHost's own entry point until it would build, and takes the floor plan from it.</summary>
internal sealed class EntryPoint(Assembly assembly)
{
    private static readonly AsyncLocal<EntryPoint?> Running = new();

    private DistributedApplicationBuilder? _taken;

    /// <summary>Of the code that calls; null: it runs for itself.</summary>
    public static EntryPoint? Current => Running.Value;

    public Assembly Assembly { get; } = assembly;

    /// <summary>Ends the entry point: what it would go on with is the test's.</summary>
    public void Take(DistributedApplicationBuilder builder)
    {
        _taken = builder;
        throw new TakenException();
    }

    public Task<DistributedApplicationBuilder> RunAsync(string[] args) => Task.Run(() =>
    {
        Running.Value = this;
        var main = Assembly.EntryPoint ?? throw new DistributedApplicationException($"{Assembly.GetName().Name} has no entry point.");
        try
        {
            main.Invoke(null, main.GetParameters().Length == 0 ? [] : [args]);
        }
        catch (TargetInvocationException ended) when (ended.InnerException is TakenException)
        {
            return _taken!;
        }
        catch (TargetInvocationException failed) when (failed.InnerException is DistributedApplicationException reason)
        {
            throw new DistributedApplicationException(reason.Message, reason);
        }

        throw new DistributedApplicationException($"The entry point of {Assembly.GetName().Name} ended without building an application.");
    });

    private sealed class TakenException : Exception;
}
