namespace Sandbox.Agent.Activity;

/// <summary>What counts against an idle stop: calls of the data plane, output of processes, open sessions.</summary>
internal sealed class AgentActivity(TimeProvider time)
{
    private int _calls;
    private int _sessions;
    private TaskCompletionSource _touched = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _last = time.GetTimestamp();

    internal int CallsInFlight => Volatile.Read(ref _calls);

    /// <summary>Sessions open now (kept by who owns them).</summary>
    internal int Sessions => Volatile.Read(ref _sessions);

    internal TimeSpan Idle => CallsInFlight > 0 ? TimeSpan.Zero : time.GetElapsedTime(Interlocked.Read(ref _last));

    /// <summary>Ends with the next activity after <see cref="AwaitTouch"/>.</summary>
    internal Task NextTouch => Volatile.Read(ref _touched).Task;

    /// <summary>Something happened: a process wrote output.</summary>
    internal void Touch()
    {
        Interlocked.Exchange(ref _last, time.GetTimestamp());
        var touched = Volatile.Read(ref _touched);
        if (!touched.Task.IsCompleted)
        {
            touched.TrySetResult();
        }
    }

    internal void AwaitTouch() =>
        Volatile.Write(ref _touched, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));

    internal void SessionOpened() => Interlocked.Increment(ref _sessions);

    internal void SessionClosed() => Interlocked.Decrement(ref _sessions);

    /// <summary>Counts every call but those of the owner itself.</summary>
    internal async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        if (context.Request.Path.StartsWithSegments("/agent", StringComparison.Ordinal))
        {
            await next(context);
            return;
        }

        Interlocked.Increment(ref _calls);
        Touch();
        try
        {
            await next(context);
        }
        finally
        {
            Touch();
            Interlocked.Decrement(ref _calls);
        }
    }
}
