using Microsoft.Extensions.DependencyInjection;
using Sandbox.Domain.Stores;
using Sandbox.Storage;

namespace Sandbox.Chaos.Tests.Mutants;

internal static class Decorating
{
    /// <summary>Puts the test's calls over the records, below the fences of a node.</summary>
    public static void DecorateRecords(
        this IServiceCollection services,
        Func<IServiceProvider, ISandboxStore, Func<string, object?[], Func<object?>, object?>> calls)
    {
        var decorated = services.Last(service => service.ServiceType == typeof(UnfencedRecords));
        services[services.IndexOf(decorated)] = ServiceDescriptor.Singleton(provider =>
        {
            var inner = ((UnfencedRecords)decorated.ImplementationFactory!(provider)).Store;
            return new UnfencedRecords(Decorated.Over(inner, calls(provider, inner)));
        });
    }

    /// <summary>Puts the test's calls over the last service of this kind whose implementation is called so (empty: whatever it
    /// is).</summary>
    public static void Decorate<T>(
        this IServiceCollection services, Func<IServiceProvider, T, Func<string, object?[], Func<object?>, object?>> calls,
        string implementation = "")
        where T : class
    {
        var decorated = services.Last(
            service =>
                service.ServiceType == typeof(T) && (implementation.Length == 0 || service.ImplementationType?.Name == implementation));
        var at = services.IndexOf(decorated);
        services[at] = ServiceDescriptor.Singleton(provider =>
        {
            var inner = (T)(decorated.ImplementationInstance ?? decorated.ImplementationFactory?.Invoke(provider)
                ?? ActivatorUtilities.CreateInstance(provider, decorated.ImplementationType!));
            return Decorated.Over(inner, calls(provider, inner));
        });
    }
}
