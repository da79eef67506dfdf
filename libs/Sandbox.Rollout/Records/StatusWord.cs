using System.Text.Json;

namespace Sandbox.Rollout.Records;

/// <summary>Statuses in the words of files, answers and tables: PASSED, NOT_FOUND, IN_PROGRESS.</summary>
public static class StatusWord
{
    public static string Of<TStatus>(TStatus status)
        where TStatus : struct, Enum => JsonNamingPolicy.SnakeCaseUpper.ConvertName(status.ToString());

    /// <summary>The status of a word, in whatever case it is written; null: none has it.</summary>
    public static TStatus? Find<TStatus>(string word)
        where TStatus : struct, Enum =>
        Enum.GetValues<TStatus>().Where(status => Of(status).Equals(word, StringComparison.OrdinalIgnoreCase))
            .Select(status => (TStatus?)status).FirstOrDefault();

    /// <summary>All words there are, for people.</summary>
    public static string All<TStatus>()
        where TStatus : struct, Enum => string.Join(", ", Enum.GetValues<TStatus>().Select(Of));
}
