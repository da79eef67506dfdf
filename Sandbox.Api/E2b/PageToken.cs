using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using Sandbox.Domain.Lifecycle;

namespace Sandbox.Api.E2b;

/// <summary>Where a page of a list ended: at a sandbox, so that what comes and goes meanwhile moves no page.</summary>
/// <param name="Ticks">When the sandbox was created, UTC.</param>
internal sealed record PageToken(long Ticks, string Id)
{
    private const int Longest = 200;

    public static PageToken Of(SandboxInstance sandbox) => new(sandbox.CreatedAt.UtcTicks, sandbox.Id.ToString());

    /// <summary>Whether a sandbox comes behind it. Stores order by descending time and then by id; ascending is all of that
    /// reversed.</summary>
    public bool Precedes(SandboxInstance sandbox, bool isAscending)
    {
        var order = Ticks.CompareTo(sandbox.CreatedAt.UtcTicks) is not 0 and var byTime
            ? byTime : string.CompareOrdinal(sandbox.Id.ToString(), Id);
        return isAscending ? order < 0 : order > 0;
    }

    public override string ToString() =>
        Base64Url.EncodeToString(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{Ticks}.{Id}")));

    public static bool TryParse(string text, [NotNullWhen(true)] out PageToken? token)
    {
        token = null;
        if (text.Length > Longest || !Base64Url.IsValid(text))
        {
            return false;
        }

        var plain = Encoding.UTF8.GetString(Base64Url.DecodeFromChars(text));
        if (plain.IndexOf('.', StringComparison.Ordinal) is > 0 and var dot
            && long.TryParse(plain.AsSpan(0, dot), NumberStyles.None, CultureInfo.InvariantCulture, out var ticks))
        {
            token = new PageToken(ticks, plain[(dot + 1)..]);
        }

        return token is not null;
    }
}
