using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Sandbox.Storage;
using Sandbox.Storage.Encryption;

namespace Sandbox.Benchmarks.Stores;

/// <summary>The stores of a cluster as several processes have them: each with connections of its own.</summary>
internal sealed class StoreHosts : IAsyncDisposable
{
    private readonly List<IHost> _hosts = [];

    public int Count => _hosts.Count;

    public static async Task<StoreHosts> StartAsync(string postgres, string redis, int count)
    {
        var stores = new StoreHosts();
        for (var number = 0; number < count; number++)
        {
            var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
            builder.Services.AddSingleton(new FieldCipher([new byte[FieldCipher.SecretLength]])).AddClusterStorage(postgres, redis);
            var host = builder.Build();
            await host.StartAsync();
            stores._hosts.Add(host);
        }

        return stores;
    }

    public IServiceProvider Of(int number) => _hosts[number].Services;

    public T First<T>()
        where T : notnull => Of(0).GetRequiredService<T>();

    public async ValueTask DisposeAsync()
    {
        foreach (var host in _hosts)
        {
            await host.StopAsync();
            host.Dispose();
        }
    }
}
