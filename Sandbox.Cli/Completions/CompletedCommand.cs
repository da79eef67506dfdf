using System.CommandLine;
using System.CommandLine.Completions;

namespace Sandbox.Cli.Completions;

/// <summary>A command as a shell completes it.</summary>
/// <param name="Path">A space before each name, without the program's own: <c> node token</c>; empty for the program itself.</param>
/// <param name="Options">With those that it inherits.</param>
internal sealed record CompletedCommand(string Path, IReadOnlyList<Command> Subcommands, IReadOnlyList<Option> Options)
{
    /// <summary>The program and all that is below it.</summary>
    public static IReadOnlyList<CompletedCommand> TreeOf(Command program) => [.. Walk(program, "", [])];

    /// <summary>What may stand next: commands below, and long options.</summary>
    public string Words => string.Join(' ', Subcommands.Select(command => command.Name).Concat(Options.Select(option => option.Name)));

    /// <summary>Options whose values are known.</summary>
    public IEnumerable<(Option Option, string Values)> Choices =>
        Options.Select(option => (option, ValuesOf(option))).Where(choice => choice.Item2.Length > 0);

    public static string ValuesOf(Option option) =>
        TakesValue(option) ? string.Join(' ', option.GetCompletions(CompletionContext.Empty).Select(item => item.Label)) : "";

    public static bool TakesValue(Option option) => option.Arity.MaximumNumberOfValues > 0 && option.ValueType != typeof(bool);

    private static IEnumerable<CompletedCommand> Walk(Command command, string path, IReadOnlyList<Option> inherited)
    {
        List<Command> below = [.. command.Subcommands.Where(sub => !sub.Hidden)];
        List<Option> options = [.. command.Options.Concat(inherited).Where(option => !option.Hidden)];
        List<Option> recursive = [.. options.Where(option => option.Recursive)];
        return below.SelectMany(sub => Walk(sub, $"{path} {sub.Name}", recursive)).Prepend(new CompletedCommand(path, below, options));
    }
}
