using System.Text.Json;

namespace Sandbox.Contracts.Rock;

/// <summary>
/// What every ROCK route answers, with HTTP 200 for success and for expected failure alike.
/// All four keys are always there, in this order.
/// </summary>
/// <param name="Status"><see cref="Success"/> or <see cref="Failed"/>.</param>
/// <param name="Message">On failure the fixed failure message of the route.</param>
/// <param name="Error">On failure the reason, for people.</param>
/// <param name="Result">Its shape depends on the route; JSON null where there is none.</param>
public sealed record Envelope(string Status, string? Message, string? Error, JsonElement Result)
{
    public const string Success = "Success";
    public const string Failed = "Failed";
}

/// <summary>Values of <c>result.code</c>; their thousands decide which exception a ROCK client raises.</summary>
public static class RockCodes
{
    public const int Ok = 2000;
    public const int BadRequest = 4000;
    public const int Internal = 5000;
    public const int Command = 6000;
}

/// <summary>The <c>result</c> of a failure on routes that have no shape of their own for it.</summary>
public sealed record FailureResult(int? Code, int? ExitCode, string? FailureReason);
