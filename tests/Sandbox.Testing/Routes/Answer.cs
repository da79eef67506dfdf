using System.Text;

namespace Sandbox.Testing.Routes;

/// <summary>All of an answer that a caller can see, as one text that can be compared.</summary>
public static class Answer
{
    /// <summary>What differs from one answer to the next for any caller.</summary>
    private static readonly string[] Changing = ["Date"];

    public static async Task<string> OfAsync(HttpClient http, HttpRequestMessage request, CancellationToken cancellationToken)
    {
        using (request)
        {
            using var answer = await http.SendAsync(request, cancellationToken);
            var text = new StringBuilder($"HTTP {(int)answer.StatusCode}\n");
            foreach (var header in answer.Headers.Concat(answer.Content.Headers).OrderBy(header => header.Key, StringComparer.Ordinal))
            {
                if (!Changing.Contains(header.Key, StringComparer.OrdinalIgnoreCase))
                {
                    text.Append(header.Key).Append(": ").AppendJoin(", ", header.Value).Append('\n');
                }
            }

            return text.Append('\n').Append(await answer.Content.ReadAsStringAsync(cancellationToken)).ToString();
        }
    }
}
