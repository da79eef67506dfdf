using System.Globalization;

namespace Sandbox.Kubernetes.Objects;

/// <summary>Sizes as Kubernetes writes them.</summary>
internal static class Quantity
{
    /// <summary>In the largest of Ki, Mi, Gi and Ti that says it exactly; bytes below a Ki are a whole Ki more.</summary>
    public static string Of(long bytes)
    {
        string[] units = ["Ki", "Mi", "Gi", "Ti"];
        var (count, unit) = (bytes / 1024 + (bytes % 1024 == 0 ? 0 : 1), 0);
        while (unit < units.Length - 1 && count != 0 && count % 1024 == 0)
        {
            count /= 1024;
            unit++;
        }

        return count.ToString(CultureInfo.InvariantCulture) + units[unit];
    }
}
