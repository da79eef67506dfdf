using Sandbox.Agent.Native;

namespace Sandbox.Agent.Accounts;

/// <summary>
/// The accounts of the sandbox, read from its own files: the C library's look-up would load modules into the static program.
/// Read anew for each question, because commands add users.
/// </summary>
internal sealed class AccountFiles(string passwdFile = "/etc/passwd", string groupFile = "/etc/group")
{
    private const long LargestFile = 4 * 1024 * 1024;

    /// <summary>Home of the agent's own account, where it is not the one of the files; null: as in the files.</summary>
    internal string? OwnHome { get; init; }

    /// <summary>What the image says of HOME, for those who ask for no user; null, or no absolute path: nothing.</summary>
    internal string? ImageHome { get; init; }

    /// <summary>Name of the account for calls that name none; null: the agent's own.</summary>
    internal Func<string?>? DefaultName { get; init; }

    /// <summary>The account of calls that name none.</summary>
    internal Account Default() => DefaultName?.Invoke() is { } name && Find(name) is { } account ? account : Own();

    /// <summary>The account the agent runs under; made up where the files do not know it.</summary>
    internal Account Own()
    {
        var (user, group) = (Libc.GetEffectiveUser(), Libc.GetEffectiveGroup());
        var own = Find(fields => fields[2] == user.ToString(provider: null))
            ?? new Account(user == 0 ? "root" : $"{user}", user, group, [group], OwnHome ?? (user == 0 ? "/root" : "/"), "/bin/sh");
        return own with { Home = OwnHome ?? (ImageHome is ['/', ..] ? ImageHome : own.Home), IsChosen = false };
    }

    /// <summary>By name, or by number where no name fits.</summary>
    internal Account? Find(string name) =>
        Find(fields => fields[0] == name) ?? (uint.TryParse(name, out _) ? Find(fields => fields[2] == name) : null);

    private Account? Find(Func<string[], bool> wanted)
    {
        foreach (var line in Lines(passwdFile))
        {
            var fields = line.Split(':');
            if (fields.Length >= 7 && wanted(fields) && uint.TryParse(fields[2], out var user) && uint.TryParse(fields[3], out var group))
            {
                var shell = fields[6].Length == 0 ? "/bin/sh" : fields[6];
                return new Account(
                    fields[0], user, group, [group, .. GroupsOf(fields[0]).Where(id => id != group)], HomeOf(user, fields[5]), shell);
            }
        }

        return null;
    }

    private string HomeOf(uint user, string listed) => OwnHome is { } own && user == Libc.GetEffectiveUser() ? own : listed;

    private IEnumerable<uint> GroupsOf(string name)
    {
        foreach (var line in Lines(groupFile))
        {
            var fields = line.Split(':');
            if (fields.Length >= 4 && uint.TryParse(fields[2], out var id) && fields[3].Split(',').Contains(name))
            {
                yield return id;
            }
        }
    }

    private static string[] Lines(string path)
    {
        try
        {
            // What is inside the sandbox decides what stands there: a device or a huge file must not hurt the agent.
            var file = new FileInfo(path);
            return file.Exists && file.Length is > 0 and <= LargestFile ? File.ReadAllLines(path) : [];
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
