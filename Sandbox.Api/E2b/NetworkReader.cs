using System.Text.Json;
using Sandbox.Contracts.E2b;
using Sandbox.Contracts.Rock;
using Sandbox.Domain.Errors;

namespace Sandbox.Api.E2b;

/// <summary>E2B's lists of what a sandbox may reach in our form. There what is allowed is reached although it is denied; here nothing that
/// is denied is reached. The two say the same where everything is denied, or nothing is allowed in particular.</summary>
internal static class NetworkReader
{
    /// <summary>E2B's clients call it all traffic.</summary>
    private const string Everything = "0.0.0.0/0";

    public static Result<EgressMessage> Read(E2bNetwork asked)
    {
        foreach (var (name, value) in (ReadOnlySpan<(string, JsonElement?)>)
            [("rules", asked.Rules), ("egressProxy", asked.EgressProxy), ("maskRequestHost", asked.MaskRequestHost),
                ("httpsPorts", asked.HttpsPorts)])
        {
            if (!IsEmpty(value))
            {
                return new SandboxError.Unsupported(
                    $"network.{name}", "what goes out of a sandbox is let through or not, and never changed");
            }
        }

        var (allow, deny) = (asked.AllowOut ?? [], asked.DenyOut ?? []);
        if (asked.AllowInternetAccess is false || deny.Contains(Everything))
        {
            return new EgressMessage(allow);
        }

        // Allowed is everything, so that nothing is allowed in particular.
        return deny.Count == 0 ? new EgressMessage()
            : allow.Count == 0 ? new EgressMessage(null, deny)
            : new SandboxError.Unsupported(
                "network.allowOut with a denyOut that is not all traffic", $"deny {Everything}, or allow nothing in particular");
    }

    /// <summary>A member is not there, or says nothing.</summary>
    public static bool IsEmpty(JsonElement? member) => member switch
    {
        null or { ValueKind: JsonValueKind.Null or JsonValueKind.Undefined } => true,
        { ValueKind: JsonValueKind.Array } list => list.GetArrayLength() == 0,
        { ValueKind: JsonValueKind.Object } members => !members.EnumerateObject().Any(),
        { ValueKind: JsonValueKind.String } text => text.GetString()!.Length == 0,
        _ => false,
    };
}
