using Sandbox.Domain.Lifecycle;
using Sandbox.Node.Deployments;

namespace Sandbox.Worker.Tests.Docker;

/// <summary>Keeps what a start reported, in order.</summary>
internal sealed class RecordedPhases : IPhaseReporter
{
    private readonly Lock _lock = new();
    private readonly List<(string Phase, PhaseStatus Status, string Message)> _reports = [];

    public IReadOnlyList<(string Phase, PhaseStatus Status, string Message)> Reports
    {
        get
        {
            lock (_lock)
            {
                return [.. _reports];
            }
        }
    }

    /// <summary>Phase and status of each report.</summary>
    public IEnumerable<string> Steps => Reports.Select(report => $"{report.Phase} {report.Status}");

    public string Describe(string kind, Exception exception) => exception.Message;

    public Task ReportAsync(string phase, PhaseStatus status, string message, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            _reports.Add((phase, status, message));
        }

        return Task.CompletedTask;
    }
}
