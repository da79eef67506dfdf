using System.Text;
using System.Text.RegularExpressions;

namespace Sandbox.Testing.Routes;

/// <summary>All of an answer that a caller can see, as one text that can be compared.</summary>
public static partial class Answer
{
    /// <summary>What differs from one answer to the next for any caller.</summary>
    private static readonly string[] Changing = ["Date"];

    public static async Task<string> OfAsync(HttpClient http, HttpRequestMessage request, CancellationToken cancellationToken)
    {
        using (request)
        {
            using var answer = await http.SendAsync(request, cancellationToken);
            var body = await answer.Content.ReadAsStringAsync(cancellationToken);
            var isTimed = Timestamp().IsMatch(body);
            var text = new StringBuilder($"HTTP {(int)answer.StatusCode}\n");
            foreach (var header in answer.Headers.Concat(answer.Content.Headers).OrderBy(header => header.Key, StringComparer.Ordinal))
            {
                if (!Changing.Contains(header.Key, StringComparer.OrdinalIgnoreCase) && !(isTimed && header.Key is "Content-Length"))
                {
                    text.Append(header.Key).Append(": ").AppendJoin(", ", header.Value).Append('\n');
                }
            }

            return text.Append('\n').Append(Timestamp().Replace(body, "\"$1\":\"now\"")).ToString();
        }
    }

    /// <summary>The moment of the answer, which differs from one to the next for any caller, too, and in length.</summary>
    [GeneratedRegex("\"(timestamp|create_at|update_at)\":\"[^\"]*\"")]
    private static partial Regex Timestamp();
}
