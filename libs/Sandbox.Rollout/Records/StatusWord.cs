using System.Text.Json;

namespace Sandbox.Rollout.Records;

/// <summary>Statuses in the words of files, answers and tables: PASSED, NOT_FOUND, IN_PROGRESS.</summary>
public static class StatusWord
{
    public static string Of<TStatus>(TStatus status)
        where TStatus : struct, Enum => JsonNamingPolicy.SnakeCaseUpper.ConvertName(status.ToString());
}
