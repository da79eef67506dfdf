using System.Text.RegularExpressions;

namespace Sandbox.House.Tests;

/// <summary>The ways of ARCHITECTURE.md, file by file, lead where they say.</summary>
public sealed partial class WalkTests
{
    [Theory]
    [InlineData("start_async")]
    [InlineData("run_in_session")]
    public void Way_OfARequest_LeadsFromFileToFile(string call)
    {
        var steps = Steps(call);
        Assert.InRange(steps.Count, 5, 15);
        var before = "";
        foreach (var (file, name) in steps)
        {
            var text = Repository.Read(file);
            Assert.True(Names(text, name), $"{file} was to be about {name}");
            Assert.True(before.Length == 0 || Names(before, name), $"no file before {file} names {name}: a reader would not find the way");
            before += text;
        }
    }

    private static bool Names(string text, string name) => Regex.IsMatch(text, $@"\b{name}\b");

    private static List<(string File, string Name)> Steps(string call) =>
    [
        .. Step().Matches(Section().Match(Repository.Read("ARCHITECTURE.md").Split($"\n`{call}`:\n")[1]).Value)
            .Select(step =>
                (step.Groups[1].Value, step.Groups[2] is { Success: true, Value: var name } ? name : StemOf(step.Groups[1].Value))),
    ];

    private static string StemOf(string file) => Path.GetFileName(file).Split('.')[0];

    /// <summary>Up to the end of the list.</summary>
    [GeneratedRegex(@"\A\n(\d+\. .*\n)+")]
    private static partial Regex Section();

    [GeneratedRegex(@"^\d+\. `([^`]+)`(?: \(as `([^`]+)`\))?: ", RegexOptions.Multiline)]
    private static partial Regex Step();
}
