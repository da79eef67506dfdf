using System.Text;
using Sandbox.Cli.Terminals;
using Sandbox.Rollout.Checkpoints;
using Sandbox.Rollout.Plans;

namespace Sandbox.Cli.Rollouts;

/// <summary>Asks who runs the command. An end of the input is a no.</summary>
internal static class PersonAtTerminal
{
    public static void Show(Checkpoint checkpoint, RolloutPlan plan)
    {
        Say($"{checkpoint.Name}: {checkpoint.Description}");
        Say($"machines: {string.Join(", ", plan.Targets.Select(target => $"{target.Key} ({target.Value})"))}");
        foreach (var line in checkpoint.ImpactShown)
        {
            Say($"  {line}");
        }

        Say(plan.Changes.IsEmpty ? "Ansible would change nothing." : "Ansible would change:");
        foreach (var change in plan.Changes)
        {
            Say($"  {change.ReplaceLineEndings("\n    ")}");
        }

        Say($"plan {plan.Hash}");
    }

    /// <summary>Asks until the answer is yes or no.</summary>
    public static bool Confirms(string question)
    {
        while (true)
        {
            StandardStreams.WriteError(Encoding.UTF8.GetBytes(question + " [yes/no] "));
            switch (ReadLine()?.Trim().ToLowerInvariant())
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

    public static string? Answer(string question)
    {
        StandardStreams.WriteError(Encoding.UTF8.GetBytes(question + " "));
        return ReadLine()?.Trim();
    }

    private static void Say(string text) => StandardStreams.WriteErrorLine(text);

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
