namespace Sandbox.Api.Rollouts;

/// <summary>What a part of the monitoring said.</summary>
internal abstract record MonitoringAnswer
{
    private MonitoringAnswer()
    {
    }

    public sealed record Told(ReadOnlyMemory<byte> Body) : MonitoringAnswer;

    /// <param name="Reason">One sentence for people.</param>
    public sealed record Unavailable(string Reason) : MonitoringAnswer;
}
