using System.Collections;
using Sandbox.Agent.Native;
using Sandbox.Contracts.Agent;

namespace Sandbox.Agent.Processes;

/// <summary>
/// The environment of processes, later ones over earlier: that of the agent (so what the image sets), PATH where it is
/// missing, HOME, USER and LOGNAME of an account that was asked for (of the agent's own only what the image does not set), what the
/// owner gave at init, what the request gives.
/// </summary>
internal sealed class SandboxEnvironment
{
    private readonly Dictionary<string, string> _own = OwnVariables();
    private readonly string? _startFolder = WhereStarted();
    private AgentInit? _init;

    /// <summary>The last one received; null before the first.</summary>
    internal AgentInit? Init => Volatile.Read(ref _init);

    /// <summary>HOME, as the image or the engine set it; null: not at all.</summary>
    internal string? ImageHome => _own.GetValueOrDefault("HOME");

    /// <summary>The account of envd's calls that name none; null: the agent's own. What is made for E2B's clients says so of itself, as
    /// E2B's own sandboxes do.</summary>
    internal string? DefaultUser => Init?.Env.GetValueOrDefault("E2B_SANDBOX") is "true" ? "user" : null;

    internal void SetInit(AgentInit init) => Volatile.Write(ref _init, init);

    /// <summary>The whole environment of a process that runs as <paramref name="account"/>.</summary>
    internal Dictionary<string, string> Compose(Account account, IReadOnlyDictionary<string, string>? requested)
    {
        var env = new Dictionary<string, string>(_own);
        env.TryAdd("PATH", ProgramPath.DefaultPath);
        foreach (var (key, value) in (ReadOnlySpan<(string, string)>)
            [("HOME", account.Home), ("USER", account.Name), ("LOGNAME", account.Name)])
        {
            if (account.IsChosen || !env.ContainsKey(key))
            {
                env[key] = value;
            }
        }

        AddAll(env, Init?.Env);
        AddAll(env, requested);
        return env;
    }

    /// <summary>Only what the owner gave at init and what is asked for, with PATH, HOME, USER and LOGNAME: nothing of the image.</summary>
    internal Dictionary<string, string> ComposeBare(Account account, IReadOnlyDictionary<string, string>? requested)
    {
        var env = new Dictionary<string, string>
        {
            ["PATH"] = _own.GetValueOrDefault("PATH", ProgramPath.DefaultPath),
            ["HOME"] = account.Home,
            ["USER"] = account.Name,
            ["LOGNAME"] = account.Name,
        };
        AddAll(env, Init?.Env);
        AddAll(env, requested);
        return env;
    }

    /// <summary>The folder that the agent was started in, so that of the image.</summary>
    /// <returns>The root where that folder is gone, and the words that say so.</returns>
    internal (string Path, string? Missing) StartFolder() =>
        _startFolder is not null && Directory.Exists(_startFolder)
            ? (_startFolder, null)
            : ("/", $"sandbox: the working folder {_startFolder ?? "of the image"} is gone; / is used instead");

    /// <summary>Where a process starts that asks for no folder: the home of its account where that exists.</summary>
    internal static string DefaultFolder(Account account) =>
        Path.IsPathRooted(account.Home) && Directory.Exists(account.Home) ? account.Home : "/";

    private static void AddAll(Dictionary<string, string> env, IReadOnlyDictionary<string, string>? more)
    {
        foreach (var (key, value) in more ?? new Dictionary<string, string>())
        {
            env[key] = value;
        }
    }

    private static string? WhereStarted()
    {
        try
        {
            return Environment.CurrentDirectory;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Removed before the agent came to ask.
            return null;
        }
    }

    private static Dictionary<string, string> OwnVariables() =>
        Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
            .ToDictionary(pair => (string)pair.Key, pair => (string?)pair.Value ?? "");
}
