using System.Globalization;

namespace Sandbox.Rollout.Runs;

/// <summary>How a run's program ended, as run.sh wrote it down.</summary>
/// <param name="WasStopped">It was told to end before it ended.</param>
internal readonly record struct RunExit(int Code, bool WasStopped)
{
    /// <summary>Null for what is none.</summary>
    public static RunExit? Parse(string text) =>
        text.Trim().Split(' ') is [var code, .. var rest] && int.TryParse(code, CultureInfo.InvariantCulture, out var number)
            ? new RunExit(number, rest is ["stopped"])
            : null;
}
