using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Sandbox.Contracts.Rock;

namespace Sandbox.Agent.Gem;

/// <summary>A game: a number from 1 to 100 is to be found, and each wrong guess is told whether it is too low or too high. The same seed
/// makes the same number.</summary>
internal sealed partial class GuessTheNumber : IGemEnvironment
{
    public const string EnvId = "sandbox:GuessTheNumber-v0";

    private const int Largest = 100, MostTurns = 10;

    private int? _number;
    private int _turn;

    public Task<GemObservation> ResetAsync(int? seed, CancellationToken cancellationToken)
    {
        // Not for secrets: it is to be the same for the same seed.
        (_number, _turn) = ((seed is { } known ? new Random(known) : Random.Shared).Next(1, Largest + 1), 0);
        return Task.FromResult(new GemObservation(
            Text($"Guess a number from 1 to {Largest} in at most {MostTurns} turns. Answer with \\boxed{{NUMBER}}."), Info()));
    }

    public Task<GemStep> StepAsync(string action, CancellationToken cancellationToken)
    {
        if (_number is not { } number)
        {
            throw new GemFailure("No episode has begun, or it has ended: reset the environment first.");
        }

        _turn++;
        var guess = Guess().Matches(action).LastOrDefault() is { } found
            && int.TryParse(found.Value.Trim('{', '}'), NumberStyles.None, CultureInfo.InvariantCulture, out var named)
            ? named : (int?)null;
        var (isRight, isLast) = (guess == number, _turn >= MostTurns);
        var said = guess is not { } some ? "That is no number."
            : isRight ? $"{some} is right."
            : some < number ? $"{some} is too low." : $"{some} is too high.";
        _number = isRight || isLast ? null : number;
        return Task.FromResult(new GemStep(Text(said), isRight ? 1 : 0, isRight, isLast && !isRight, Info()));
    }

    public void Dispose()
    {
    }

    private JsonElement Info() => JsonElement.Parse($$"""{"turn":{{_turn.ToString(CultureInfo.InvariantCulture)}}}""");

    private static JsonElement Text(string text) => JsonSerializer.SerializeToElement(text, RockJson.Default.String);

    /// <summary>The last number of an answer, or what stands in its last box.</summary>
    [GeneratedRegex(@"(?<=\\boxed)\{\d{1,9}\}|(?<![\d.-])\d{1,9}(?![\d.]*\d)")]
    private static partial Regex Guess();
}
