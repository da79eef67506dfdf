using Sandbox.Serving.BuiltIn;
using Sandbox.Serving.Engines;

namespace Sandbox.Serving.Tests.BuiltIn;

/// <summary>What an engine makes of a configuration, in one line: its environment (secrets with the mark <c>!</c>), its arguments, and
/// after a <c>;</c> what is run once it answers.</summary>
internal static class Golden
{
    public static IEngineConfigurationBuilder Builder(string engine) =>
        Assert.Single(BuiltInEngines.All, components => components.Name == engine).Configuration;

    public static string Line(string engine, string json)
    {
        var launch = Builder(engine).Build(Json.Configuration(json));
        return string.Join(
            ' ',
            [
                .. launch.Secrets.Select(secret => $"!{secret.Key}={secret.Value.Reveal()}"),
                .. launch.Environment.Select(variable => $"{variable.Key}={variable.Value}"),
                .. launch.Arguments,
                .. launch.AfterStart.IsEmpty ? [] : (string[])[";", .. launch.AfterStart],
            ]);
    }

    /// <summary>Fails for a key that no case sets.</summary>
    public static void CoversEachKey(string engine, IEnumerable<string> cases)
    {
        var used = cases.SelectMany(json => Json.Configuration(json).Names);

        Assert.Empty(Builder(engine).Schema.Keys.Select(key => key.Name).Except(used));
    }

    public static void Error(string engine, string json, string expected)
    {
        var configuration = Json.Configuration(json);

        Assert.Equal(expected, Builder(engine).Validate(configuration).Message);
        Assert.StartsWith(
            expected, Assert.Throws<ArgumentException>(() => Builder(engine).Build(configuration)).Message, StringComparison.Ordinal);
    }

    public static IEnumerable<string> ConfigurationsOf(TheoryData<string, string> cases) =>
        cases.Select(row => (string)((ITheoryDataRow)row).GetData()[0]!);
}
