using Sandbox.Domain.Lifecycle;

namespace Sandbox.Domain.Policies;

/// <summary>Activity moves the idle deadline on, but the record is written only every min(30 s, idle / 4).</summary>
public static class ActivityPolicy
{
    private static readonly TimeSpan LongestStep = TimeSpan.FromSeconds(30);

    public static TimeSpan StepOf(TimeSpan idleTimeout) => idleTimeout / 4 < LongestStep ? idleTimeout / 4 : LongestStep;

    /// <summary>The record with its later idle deadline, to be written as an update of facts; null when it is not worth a write yet (or the
    /// sandbox does not run, never idles out, or has a fixed timeout).</summary>
    /// <param name="activity">The moment of the last activity.</param>
    public static SandboxInstance? Touch(SandboxInstance record, DateTimeOffset activity)
    {
        if (record is not { State: SandboxState.Running, Spec.HasFixedTimeout: false, IdleDeadline: { } deadline })
        {
            return null;
        }

        var later = activity + record.Spec.IdleTimeout;
        return later - deadline >= StepOf(record.Spec.IdleTimeout) && later > deadline ? record with { IdleDeadline = later } : null;
    }
}
