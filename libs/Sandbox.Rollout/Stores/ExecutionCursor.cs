using System.Globalization;

namespace Sandbox.Rollout.Stores;

/// <summary>The end of a page of executions. It stays good when others begin or end.</summary>
public readonly record struct ExecutionCursor(DateTimeOffset StartedAt, Guid Id)
{
    /// <summary>As callers hand it back.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{StartedAt.UtcTicks:x}-{Id:N}");

    public static bool TryParse(string? text, out ExecutionCursor cursor)
    {
        cursor = default;
        if (text?.Split('-') is not [var moment, var id]
            || !long.TryParse(moment, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var ticks)
            || ticks < DateTimeOffset.MinValue.UtcTicks || ticks > DateTimeOffset.MaxValue.UtcTicks
            || !Guid.TryParseExact(id, "N", out var execution))
        {
            return false;
        }

        cursor = new ExecutionCursor(new DateTimeOffset(ticks, TimeSpan.Zero), execution);
        return true;
    }
}
