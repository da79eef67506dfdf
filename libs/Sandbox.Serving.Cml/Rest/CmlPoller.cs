using System.Globalization;

namespace Sandbox.Serving.Cml.Rest;

/// <summary>Asks each 10 s until an answer comes or the time is over. A request that failed in passing is asked again.</summary>
internal sealed class CmlPoller(TimeProvider time)
{
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    /// <param name="subject">What is waited for, for the message.</param>
    /// <param name="ask">Null: not yet, and the second value says how it stands.</param>
    /// <exception cref="CmlException">It was not in time, or <paramref name="ask"/> threw one that is not transient.</exception>
    public async Task<T> WaitAsync<T>(
        string subject, TimeSpan limit, Func<CancellationToken, Task<(T? Found, string State)>> ask, CancellationToken cancellationToken)
        where T : class
    {
        var begin = time.GetTimestamp();
        while (true)
        {
            string last;
            try
            {
                var (found, state) = await ask(cancellationToken);
                if (found is not null)
                {
                    return found;
                }

                last = state;
            }
            catch (CmlException exception) when (exception.IsTransient)
            {
                last = exception.Message;
            }

            if (time.GetElapsedTime(begin) >= limit)
            {
                throw new CmlException(
                    CmlError.Timeout,
                    string.Create(CultureInfo.InvariantCulture, $"{subject}: not within {limit.TotalSeconds:0} s; last: {last}"));
            }

            await Task.Delay(Interval, time, cancellationToken);
        }
    }
}
