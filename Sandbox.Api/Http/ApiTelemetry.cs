using System.Diagnostics.Metrics;

namespace Sandbox.Api.Http;

/// <summary>What an API tells about the requests that it answered. One histogram has it all: how many, how long, how they ended.</summary>
internal sealed class ApiTelemetry(IMeterFactory meters)
{
    public const string Name = "Sandbox.Api";

    /// <summary>The item under which middleware that answers without an endpoint leaves its name for the log.</summary>
    public const string RouteKey = "route";

    private const string OutcomeKey = "outcome";
    private const string Failure = "failure";
    private const string ClientError = "client_error";

    private readonly Histogram<double> _duration = meters.Create(Name).CreateHistogram(
        "request.duration.seconds", unit: "s", description: "Time until a request was answered to its end.", tags: null,
        new InstrumentAdvice<double>
        {
            HistogramBucketBoundaries = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10,
            60]
        });

    /// <summary>An answer whose HTTP status does not tell that it is a failure.</summary>
    /// <param name="isOurs">The server's, and not that of what was asked for.</param>
    public static void Failed(HttpContext http, bool isOurs) => http.Items[OutcomeKey] = isOurs ? Failure : ClientError;

    /// <param name="operation">The route as it is written, never an id of it.</param>
    public void OnAnswered(HttpContext http, string operation, TimeSpan took)
    {
        if (_duration.Enabled)
        {
            _duration.Record(took.TotalSeconds, new("operation", operation), new("outcome", OutcomeOf(http)));
        }
    }

    private static string OutcomeOf(HttpContext http) => http.Response.StatusCode switch
    {
        >= 500 => Failure,
        >= 400 => ClientError,
        _ => http.Items.TryGetValue(OutcomeKey, out var outcome) && outcome is string text ? text : "success",
    };
}
