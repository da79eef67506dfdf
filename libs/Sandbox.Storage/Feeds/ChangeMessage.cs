using Sandbox.Contracts.Ids;

namespace Sandbox.Storage.Feeds;

/// <summary>Wake-ups as a text: the process that sends, then sandboxes, or one of three signs, each after a space. No sign
/// can be an id.</summary>
internal static class ChangeMessage
{
    /// <summary>Tenants, quotas or keys changed.</summary>
    public const string Access = "!";

    /// <summary>Something of a rollout changed. Programs that do not know it pass over it.</summary>
    public const string Rollouts = "~";

    /// <summary>More changed than can be named.</summary>
    public const string Everything = "*";

    /// <summary>So many ids are in a message at most: Postgres takes less than 8,000 bytes.</summary>
    public const int MostIds = 100;

    public static string Of(string origin, IEnumerable<string> words) => $"{origin} {string.Join(' ', words)}";

    /// <summary>What others say; what this process said itself is passed over, and so is what this program does not understand.</summary>
    public static void Read(
        string message, string origin, Action<SandboxId> changed, Action accessChanged, Action rolloutsChanged, Action everythingChanged)
    {
        var words = message.Split(' ');
        if (words[0] == origin)
        {
            return;
        }

        foreach (var word in words.AsSpan(1))
        {
            switch (word)
            {
                case Access:
                    accessChanged();
                    break;
                case Rollouts:
                    rolloutsChanged();
                    break;
                case Everything:
                    everythingChanged();
                    break;
                case var text when SandboxId.TryParse(text, null, out var id):
                    changed(id);
                    break;
            }
        }
    }
}
