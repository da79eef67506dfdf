using System.Text;
using Sandbox.Cli.Terminals;
using Sandbox.Rollout.Checkpoints;
using Sandbox.Rollout.Plans;

namespace Sandbox.Cli.Rollouts;

/// <summary>Asks who runs the command. An end of the input is a no.</summary>
internal static class PersonAtTerminal
{
    public static void Show(RolloutPlan plan)
    {
        foreach (var checkpoint in plan.Checkpoints.Select(CheckpointCatalog.Find).OfType<Checkpoint>())
        {
            Say($"{checkpoint.Name}: {checkpoint.Description}");
            foreach (var line in checkpoint.ImpactShown)
            {
                Say($"  {line}");
            }
        }

        Say($"machines: {string.Join(", ", plan.Targets.Select(target => $"{target.Key} ({target.Value})"))}");

        Say(plan.Changes.IsEmpty ? "Ansible would change nothing." : "Ansible would change:");
        foreach (var change in plan.Changes)
        {
            Say($"  {change.ReplaceLineEndings("\n    ")}");
        }

        Say($"plan {plan.Hash}");
    }

    /// <summary>Asks until the answer is yes or no.</summary>
    public static async Task<bool> ConfirmsAsync(string question, CancellationToken cancellationToken)
    {
        while (true)
        {
            StandardStreams.WriteError(Encoding.UTF8.GetBytes(question + " [yes/no] "));
            switch ((await ReadLineAsync(cancellationToken))?.Trim().ToLowerInvariant())
            {
                case "yes" or "y":
                    return true;
                case "no" or "n" or null:
                    return false;
                default:
                    Say("Answer yes or no.");
                    break;
            }
        }
    }

    /// <summary>Asks until there is an answer; null at the end of the input.</summary>
    public static async Task<string?> AnswerAsync(string question, CancellationToken cancellationToken)
    {
        while (true)
        {
            StandardStreams.WriteError(Encoding.UTF8.GetBytes(question + " "));
            if (await ReadLineAsync(cancellationToken) is not { } answer)
            {
                return null;
            }

            if (answer.Trim() is { Length: > 0 } text)
            {
                return text;
            }
        }
    }

    private static void Say(string text) => StandardStreams.WriteErrorLine(text);

    // Nothing ends a read from a terminal; who waits for it must be able to give up.
    private static Task<string?> ReadLineAsync(CancellationToken cancellationToken) => Task.Run(ReadLine).WaitAsync(cancellationToken);

    private static string? ReadLine()
    {
        var line = new List<byte>();
        Span<byte> next = stackalloc byte[1];
        while (StandardStreams.Read(next) == 1)
        {
            if (next[0] == '\n')
            {
                return Encoding.UTF8.GetString([.. line]);
            }

            line.Add(next[0]);
        }

        return line.Count > 0 ? Encoding.UTF8.GetString([.. line]) : null;
    }
}
