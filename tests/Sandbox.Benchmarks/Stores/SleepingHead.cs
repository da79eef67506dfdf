using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Policies;
using Sandbox.Domain.Stores;
using Sandbox.Storage;
using Sandbox.Storage.Encryption;
using Sandbox.Testing.Clusters;

namespace Sandbox.Benchmarks.Stores;

/// <summary>
/// Puts the head to sleep (SIGSTOP) until another is it, and then does what the sleeper would do on waking if it looked at no
/// clock: writes records, and sends its heartbeat, under the lease it had. The same write is then done under the lease that
/// counts, so that a refusal says something.
/// </summary>
internal sealed class SleepingHead : IAsyncDisposable
{
    private const int StaleWritesEachTime = 2;

    private static readonly SandboxTransitions Transitions = new(new AutoPolicy(new LifecycleOptions()));

    private readonly HeadFleet _fleet;
    private readonly IHost _host;

    private SleepingHead(HeadFleet fleet, IHost host) => (_fleet, _host) = (fleet, host);

    public int StaleWrites { get; private set; }

    public int RefusedWrites { get; private set; }

    public int StaleHeartbeats { get; private set; }

    public int RefusedHeartbeats { get; private set; }

    /// <summary>The same writes under the lease that counts.</summary>
    public int GoodWrites { get; private set; }

    private ISandboxStore Records => _host.Services.GetRequiredService<ISandboxStore>();

    public static async Task<SleepingHead> OpenAsync(HeadFleet fleet)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddSingleton(new FieldCipher([new byte[FieldCipher.SecretLength]]));
        builder.Services.AddClusterStorage(fleet.Database, redis: null);
        var host = builder.Build();
        await host.StartAsync();
        return new SleepingHead(fleet, host);
    }

    /// <summary>One trial; at its end the sleeper is awake, and knows that it is not the head.</summary>
    public async Task SleepAsync()
    {
        var (sleeper, held) = await _fleet.HeadFromAsync(1);
        var record = await NewRecordAsync();
        sleeper.Pause();
        HeadRow next;
        try
        {
            (_, next) = await _fleet.HeadFromAsync(held.Epoch + 1);
            await WriteStaleAsync(record, held);
        }
        finally
        {
            sleeper.Continue();
        }

        await WriteStaleAsync(record, held);
        await sleeper.SaysAsync($"is not the head of the cluster any more (epoch {held.Epoch})");
        for (var tries = 0; !await WriteAsync(record, new Fence(Lease.Head, next.Epoch)); tries++)
        {
            // On a machine that is short of time the next head may have lost its lease meanwhile, too.
            next = (await _fleet.HeadFromAsync(next.Epoch)).Row;
            if (tries == 100)
            {
                throw new InvalidOperationException(
                    $"the write was refused under lease_version {next.Epoch} too, which is the head's: its refusal says nothing");
            }
        }

        GoodWrites++;
    }

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        _host.Dispose();
    }

    private async Task WriteStaleAsync(SandboxInstance record, HeadRow held)
    {
        for (var write = 0; write < StaleWritesEachTime; write++)
        {
            StaleWrites++;
            RefusedWrites += await WriteAsync(record, new Fence(Lease.Head, held.Epoch)) ? 0 : 1;
        }

        StaleHeartbeats++;
        RefusedHeartbeats += await _fleet.BeatAsync(held) is HttpStatusCode.Conflict ? 1 : 0;
    }

    private async Task<SandboxInstance> NewRecordAsync()
    {
        var first = NullSandbox.New();
        return (await Records.TryCreateAsync(first, NullSandbox.StartOf(first), CancellationToken.None))
            .TryGet(out var record, out var error)
            ? record
            : throw new InvalidOperationException(error.Text);
    }

    private async Task<bool> WriteAsync(SandboxInstance record, Fence fence)
    {
        if (!Transitions.Stop(record, StopReason.Asked, TimeProvider.System.GetUtcNow()).TryGet(out var stop, out var error))
        {
            throw new InvalidOperationException(error.Text);
        }

        return await Records.TryTransitionAsync(stop with { Fence = fence }, CancellationToken.None);
    }
}
