using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace Sandbox.Rollout.Deployments;

/// <summary>The last row of a page of the history. Rows that are added meanwhile come before it and move nothing.</summary>
public sealed record DeploymentCursor(DateTimeOffset StartedAt, Guid Id)
{
    /// <summary>As callers hand it back.</summary>
    public override string ToString() => Base64Url.EncodeToString(
        Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{StartedAt.UtcTicks}:{Id:D}")));

    /// <summary>Null: it is none that this class made.</summary>
    public static DeploymentCursor? Parse(string text)
    {
        Span<byte> bytes = stackalloc byte[128];
        return text.Length <= 100 && Base64Url.IsValid(text) && Base64Url.TryDecodeFromChars(text, bytes, out var length)
            && Encoding.UTF8.GetString(bytes[..length]).Split(':') is [var ticks, var id]
            && long.TryParse(ticks, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && number <= DateTimeOffset.MaxValue.UtcTicks && Guid.TryParseExact(id, "D", out var guid)
            ? new DeploymentCursor(new DateTimeOffset(number, TimeSpan.Zero), guid)
            : null;
    }
}
