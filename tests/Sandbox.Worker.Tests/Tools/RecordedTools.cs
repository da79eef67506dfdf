using System.Collections.Concurrent;
using System.Text;
using Sandbox.Deployments.Tools;

namespace Sandbox.Worker.Tests.Tools;

/// <summary>
/// Programs of a machine that is not at hand: each answers what it was recorded to answer to exactly these arguments. Whatever
/// else is run fails the test, and so does a recording that no program run asked for.
/// </summary>
internal sealed class RecordedTools : IHostTools
{
    private readonly Dictionary<string, Func<Stream, CancellationToken, Task<ToolOutcome>>> _recorded = [];
    private readonly ConcurrentQueue<string> _asked = new();

    /// <param name="exitCode">Null: there is no such program, and <paramref name="complaint"/> says so.</param>
    public RecordedTools Record(string[] command, string printed = "", int? exitCode = 0, string complaint = "") =>
        Record(command, async (output, token) =>
        {
            await output.WriteAsync(Encoding.UTF8.GetBytes(printed), token);
            return new ToolOutcome(command[0], exitCode, complaint);
        });

    /// <summary>Replaces what was recorded for the same command.</summary>
    public RecordedTools Record(string[] command, Func<Stream, CancellationToken, Task<ToolOutcome>> answer)
    {
        _recorded[Text(command)] = answer;
        return this;
    }

    public Task<ToolOutcome> RunAsync(
        string program, IReadOnlyList<string> arguments, Stream? input, Stream output, CancellationToken cancellationToken)
    {
        var command = Text([program, .. arguments]);
        Assert.True(
            _recorded.TryGetValue(command, out var answer),
            $"no recording says what this answers: {command}; recorded are: {string.Join("; ", _recorded.Keys)}");
        _asked.Enqueue(command);
        return answer(output, cancellationToken);
    }

    public IReadOnlyCollection<string> Asked => _asked;

    public bool WasAsked(string[] command) => _asked.Contains(Text(command));

    public void AssertEachWasAskedOnce() =>
        Assert.Equal(_recorded.Keys.Order(StringComparer.Ordinal), _asked.Order(StringComparer.Ordinal));

    public void AssertNothingWasAsked() => Assert.Empty(_asked);

    private static string Text(string[] command) => string.Join(' ', command.Select(word => $"'{word}'"));
}
