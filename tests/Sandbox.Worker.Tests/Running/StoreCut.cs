using System.Reflection;
using Microsoft.Extensions.DependencyInjection;
using Sandbox.Domain.Stores;
using Sandbox.Storage;

namespace Sandbox.Worker.Tests.Running;

/// <summary>Stands between a worker and its stores, and cuts them off at the moment of a crash: nothing that the worker still does
/// after it, such as to hand back its jobs in good order, is ever written.</summary>
internal sealed class StoreCut
{
    private volatile bool _isCut;

    public void Cut() => _isCut = true;

    public void Install(IServiceCollection services)
    {
        Wrap<UnfencedRecords>(services, unfenced => new UnfencedRecords(Around(unfenced.Store)));
        Wrap<IJobStore>(services, Around);
        Wrap<ILeaseStore>(services, Around);
        Wrap<INodeStore>(services, Around);
        Wrap<ICommitStore>(services, Around);
    }

    private static void Wrap<T>(IServiceCollection services, Func<T, T> around)
        where T : class
    {
        if (services.LastOrDefault(service => service.ServiceType == typeof(T)) is not { } made)
        {
            return;
        }

        services.Remove(made);
        services.AddSingleton(provider => around((T)(
            made.ImplementationInstance ?? made.ImplementationFactory?.Invoke(provider)
                ?? ActivatorUtilities.CreateInstance(provider, made.ImplementationType!))));
    }

    private T Around<T>(T store)
        where T : class
    {
        var proxy = DispatchProxy.Create<T, StoreProxy>();
        var inner = (StoreProxy)(object)proxy;
        (inner.Store, inner.Owner) = (store, this);
        return proxy;
    }

    /// <summary>Not sealed: the runtime derives the proxy from it.</summary>
#pragma warning disable CA1852
    internal class StoreProxy : DispatchProxy
#pragma warning restore CA1852
    {
        private static readonly MethodInfo Fail = typeof(StoreProxy)
            .GetMethod(nameof(FailAsync), BindingFlags.Static | BindingFlags.NonPublic)!;

        public object Store { get; set; } = null!;

        public StoreCut Owner { get; set; } = null!;

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
        {
            if (!Owner._isCut)
            {
                return targetMethod!.Invoke(Store, BindingFlags.DoNotWrapExceptions, binder: null, args, culture: null);
            }

            return targetMethod!.ReturnType switch
            {
                { IsGenericType: true } task => Fail.MakeGenericMethod(task.GenericTypeArguments).Invoke(null, null),
                _ => FailAsync<bool>(),
            };
        }

        private static Task<T> FailAsync<T>() => Task.FromException<T>(new IOException("the process was killed"));
    }
}
