using System.Text;

namespace Sandbox.Api.Ports;

/// <summary>The reason in a WebSocket's close frame, which has 123 bytes for it.</summary>
internal static class CloseReason
{
    private const int Longest = 123;

    public static string Of(string reason)
    {
        var bytes = Encoding.UTF8.GetBytes(reason);
        return bytes.Length <= Longest ? reason : Encoding.UTF8.GetString(bytes, 0, Longest - 3).TrimEnd('\uFFFD') + "…";
    }
}
