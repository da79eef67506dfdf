namespace Sandbox.Serving.Configuration;

/// <summary>Finds the name that was meant by a misspelt one.</summary>
public static class Spelling
{
    /// <summary>Longer words are no misspelling of a key, and would cost time.</summary>
    private const int LongestWord = 64;

    /// <summary>Null when none is near: a letter too many, too few, another or two swapped is one mistake, and a third of the letters
    /// may be mistaken.</summary>
    public static string? Nearest(string word, IEnumerable<string> known) => word.Length > LongestWord
        ? null
        : known.Select(name => (Name: name, Distance: Distance(word.ToLowerInvariant(), name)))
            .Where(near => near.Distance <= Math.Max(1, Math.Min(word.Length, near.Name.Length) / 3))
            .OrderBy(near => near.Distance).ThenBy(near => near.Name, StringComparer.Ordinal)
            .Select(near => near.Name).FirstOrDefault();

    /// <summary>The distance of Damerau and Levenshtein, between strings aligned in order.</summary>
    private static int Distance(string one, string other)
    {
        var cost = new int[one.Length + 1, other.Length + 1];
        for (var i = 0; i <= one.Length; i++)
        {
            for (var j = 0; j <= other.Length; j++)
            {
                cost[i, j] = i == 0 || j == 0
                    ? i + j
                    : Math.Min(
                        Math.Min(cost[i - 1, j], cost[i, j - 1]) + 1, cost[i - 1, j - 1] + (one[i - 1] == other[j - 1] ? 0 : 1));
                if (i > 1 && j > 1 && one[i - 1] == other[j - 2] && one[i - 2] == other[j - 1])
                {
                    cost[i, j] = Math.Min(cost[i, j], cost[i - 2, j - 2] + 1);
                }
            }
        }

        return cost[one.Length, other.Length];
    }
}
