using System.Collections.Concurrent;
using LLama;
using LLama.Common;

namespace Sandbox.Serving.Llama.Inference;

/// <summary>The contexts over one model: made when they are first needed, at most so many, with a bounded queue for them.</summary>
internal sealed class ContextPool(LLamaWeights weights, ModelParams parameters, int most, int mostWaiting) : IDisposable
{
    private readonly SemaphoreSlim _free = new(most);
    private readonly ConcurrentBag<LLamaContext> _idle = [];
    private int _entered;

    /// <exception cref="QueueFullException">As many wait as may.</exception>
    public async Task<LLamaContext> RentAsync(CancellationToken cancellationToken)
    {
        if (Interlocked.Increment(ref _entered) > most + mostWaiting)
        {
            Interlocked.Decrement(ref _entered);
            throw new QueueFullException();
        }

        try
        {
            await _free.WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            Interlocked.Decrement(ref _entered);
            throw;
        }

        try
        {
            return _idle.TryTake(out var context) ? context : weights.CreateContext(parameters);
        }
        catch (Exception)
        {
            Leave();
            throw;
        }
    }

    public void Return(LLamaContext context)
    {
        context.NativeHandle.MemoryClear();
        _idle.Add(context);
        Leave();
    }

    public void Dispose()
    {
        while (_idle.TryTake(out var context))
        {
            context.Dispose();
        }

        _free.Dispose();
    }

    private void Leave()
    {
        _free.Release();
        Interlocked.Decrement(ref _entered);
    }
}
