using System.Text.RegularExpressions;

namespace Sandbox.House.Tests;

/// <summary>Types and folders are called by the field's words. These were ours alone, and are not to come back.</summary>
public sealed partial class NameTests
{
    [Fact]
    public void Types_AreNotNamedByWordsOfOurOwn()
    {
        var retired = Repository.Sources()
            .SelectMany(file => NamesOf(File.ReadAllText(file)).Select(name => (Name: name, file)))
            // What the envd protocol calls its messages is not ours to say.
            .Where(found => Retired().IsMatch(found.Name) && !found.file.Contains("Sandbox.Contracts/Envd", StringComparison.Ordinal))
            .Select(found => $"{found.Name} in {Path.GetRelativePath(Repository.Root, found.file)}");

        Assert.Empty(retired);
    }

    [Theory]
    [InlineData("WorkerRoom", true)]
    [InlineData("IAgentRoad", true)]
    [InlineData("OwnSandboxes", true)]
    [InlineData("SandboxMoves", true)]
    [InlineData("HotRoomba", false)]
    [InlineData("Broadcast", false)]
    [InlineData("OwnerPresence", false)]
    [InlineData("MemoryUsage", false)]
    public void RetiredWords_AreWholeWordsOfAName(string name, bool isRetired) => Assert.Equal(isRetired, Retired().IsMatch(name));

    private static IEnumerable<string> NamesOf(string source) =>
        TypeName().Matches(source).Select(match => match.Groups[1].Value).Concat(SourceText.NamespaceOf(source).Split('.'));

    [GeneratedRegex(@"\b(?:class|record struct|record|struct|interface|enum) ([A-Z]\w*)")]
    private static partial Regex TypeName();

    /// <summary>Each a word of a name: what follows it begins another word, or ends the name.</summary>
    [GeneratedRegex(
        "(?:Room|Face|Phrase|Road|Arrivals|Seat|Doorkeeper|Door|Gate|KeyRing|Own|Ownership|Neighbours|Carrier|Owed|Upkeep|Leftovers"
        + "|LastRound|Turns|Terms|Right|Hold|Move|Moves|Amend|LateFacts|GivenUp|Bury|Uses|Card|HealthWord|Contained"
        + "|Walls|Verdict|Visitors|Places|Joining)s?(?![a-z])")]
    private static partial Regex Retired();
}
