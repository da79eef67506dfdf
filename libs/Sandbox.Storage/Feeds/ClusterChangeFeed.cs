using System.Threading.Channels;
using Sandbox.Contracts.Ids;
using Sandbox.Domain.Stores;
using Sandbox.Storage.InMemory;

namespace Sandbox.Storage.Feeds;

/// <summary>
/// Wake-ups of a cluster: waiters in this process are woken at once, other processes through the first backplane that
/// can. All backplanes are listened to, because others may use another one. What is said while a message is under way goes
/// with the next, each sandbox once: under load many changes cost one message.
/// </summary>
internal sealed class ClusterChangeFeed : IChangeFeed, IAsyncDisposable
{
    // Beyond it, every waiter is woken instead.
    private const int MostPending = 5_000;

    private readonly string _origin = Guid.NewGuid().ToString("N");
    private readonly InMemoryChangeFeed _waiters = new();
    private readonly IReadOnlyList<IChangeBackplane> _backplanes;
    private readonly Channel<bool> _work = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly CancellationTokenSource _ended = new();
    private readonly Lock _lock = new();
    private readonly Task _sending;
    private HashSet<string> _pending = [];

    /// <param name="backplanes">The better ones first; they are the feed's own, and end with it.</param>
    public ClusterChangeFeed(IReadOnlyList<IChangeBackplane> backplanes)
    {
        _backplanes = backplanes;
        foreach (var backplane in backplanes)
        {
            backplane.Listen(Heard, _waiters.WakeAll);
        }

        _sending = Task.Run(SendAsync);
    }

    internal int Waiting => _waiters.Waiting;

    public void Publish(SandboxId id)
    {
        _waiters.Publish(id);
        Send(id.ToString());
    }

    public void PublishAccess()
    {
        _waiters.PublishAccess();
        Send(ChangeMessage.Access);
    }

    public ChangeSubscription Subscribe(SandboxId id) => _waiters.Subscribe(id);

    public ChangeSubscription SubscribeAll() => _waiters.SubscribeAll();

    public ChangeCollector Collect() => _waiters.Collect();

    public ChangeSubscription SubscribeAccess() => _waiters.SubscribeAccess();

    public void PublishRollouts()
    {
        _waiters.PublishRollouts();
        Send(ChangeMessage.Rollouts);
    }

    public ChangeSubscription SubscribeRollouts() => _waiters.SubscribeRollouts();

    public async ValueTask DisposeAsync()
    {
        await _ended.CancelAsync();
        await _sending;
        foreach (var backplane in _backplanes)
        {
            await backplane.DisposeAsync();
        }

        _ended.Dispose();
    }

    private void Heard(string message) => ChangeMessage.Read(
        message, _origin, _waiters.Publish, _waiters.PublishAccess, _waiters.PublishRollouts, _waiters.WakeAll);

    private void Send(string word)
    {
        lock (_lock)
        {
            if (_pending.Count < MostPending)
            {
                _pending.Add(word);
            }
            else
            {
                _pending = [ChangeMessage.Everything];
            }
        }

        _work.Writer.TryWrite(true);
    }

    private async Task SendAsync()
    {
        try
        {
            await foreach (var _ in _work.Reader.ReadAllAsync(_ended.Token))
            {
                foreach (var words in TakePending().Chunk(ChangeMessage.MostIds))
                {
                    await DeliverAsync(ChangeMessage.Of(_origin, words));
                }
            }
        }
        catch (OperationCanceledException) when (_ended.IsCancellationRequested)
        {
            // The process ends.
        }
    }

    /// <summary>When no backplane can, it is lost: each listener wakes every waiter when its connection comes back, and looks by
    /// itself until then.</summary>
    private async Task DeliverAsync(string message)
    {
        foreach (var backplane in _backplanes)
        {
            if (await backplane.TrySendAsync(message, _ended.Token))
            {
                return;
            }
        }
    }

    private HashSet<string> TakePending()
    {
        lock (_lock)
        {
            var taken = _pending;
            _pending = [];
            return taken;
        }
    }
}
