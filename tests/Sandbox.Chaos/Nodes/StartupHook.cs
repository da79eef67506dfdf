using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Sandbox.Chaos.Nodes;

/// <summary>
/// Puts <see cref="JumpingClock"/> into a program of the product from outside, so that no program has a switch for it: the runtime
/// calls this (by this name, in no namespace) where <c>DOTNET_STARTUP_HOOKS</c> names this assembly, and a host that is being built says
/// so.
/// </summary>
#pragma warning disable CA1050 // The runtime's own name for it.
public static class StartupHook
{
    public static void Initialize()
    {
#pragma warning disable RS0030 // There are no options yet.
        if (Environment.GetEnvironmentVariable(JumpingClock.Variable) is { } clock)
#pragma warning restore RS0030
        {
            DiagnosticListener.AllListeners.Subscribe(new Listeners(clock));
        }
    }

    private sealed class Listeners(string clock) : IObserver<DiagnosticListener>, IObserver<KeyValuePair<string, object?>>
    {
        public void OnNext(DiagnosticListener value)
        {
            if (value.Name == "Microsoft.Extensions.Hosting")
            {
                value.Subscribe(this);
            }
        }

        public void OnNext(KeyValuePair<string, object?> value)
        {
            if (value is { Key: "HostBuilding", Value: IHostBuilder host })
            {
                host.ConfigureServices(services => services.Replace(ServiceDescriptor.Singleton<TimeProvider>(new JumpingClock(clock))));
            }
        }

        public void OnCompleted()
        {
        }

        public void OnError(Exception error)
        {
        }
    }
}
#pragma warning restore CA1050
