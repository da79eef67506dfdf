using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Sandbox.Storage;

/// <summary>Options as the configuration says now. A change that cannot be is logged, and what was in effect before it stays so.</summary>
public sealed partial class CurrentOptions<T>(IOptionsMonitor<T> monitor, ILogger<CurrentOptions<T>> logger)
    where T : class
{
    private volatile T? _last;
    private volatile string? _refused;

    /// <exception cref="OptionsValidationException">What the process began with cannot be.</exception>
    public T Value
    {
        get
        {
            try
            {
                var value = monitor.CurrentValue;
                (_last, _refused) = (value, null);
                return value;
            }
            catch (OptionsValidationException exception) when (_last is { } last)
            {
                if (_refused != exception.Message)
                {
                    _refused = exception.Message;
                    Log.Refused(logger, exception.Message);
                }

                return last;
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(3911, LogLevel.Error, "The settings were changed to what cannot be, and those before stay in effect: {Reason}")]
        public static partial void Refused(ILogger logger, string reason);
    }
}
