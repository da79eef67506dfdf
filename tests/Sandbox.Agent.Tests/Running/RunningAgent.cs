using System.Net.Http.Json;
using System.Text;
using Sandbox.Agent.Native;
using Sandbox.Agent.Tests.Native;
using Sandbox.Contracts.Agent;
using Sandbox.Testing;

namespace Sandbox.Agent.Tests.Running;

/// <summary>An agent as a process of its own, with its owner. The managed program by default, so that no compiler is needed.</summary>
internal sealed class RunningAgent : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly StringBuilder _log = new();
    private readonly ChildProcess _process;
    private readonly TempFolder _folder = new();

    private RunningAgent(
        IReadOnlyList<string> command, IReadOnlyList<string> options, IReadOnlyDictionary<string, string>? env, bool dials)
    {
        options = dials ? ["--dial", "unix:" + SocketFile, .. options] : options;
        Owner = new OwnerStub(SocketFile);
        var variables = new Dictionary<string, string>(env ?? new Dictionary<string, string>());
        variables.TryAdd("PATH", ProgramPath.DefaultPath);
        variables["TMPDIR"] = Directory.CreateDirectory(Temporary).FullName;
        var request = new SpawnRequest
        {
            Command = command[0],
            Arguments = [.. command.Skip(1), .. options],
            Env = variables,
            WorkingFolder = _folder.Path,
            OpenStdin = false,
        };
        Assert.True(Spawning.Spawner.TryStart(request, out var child, out var error), error?.Message);
        _process = child;
        _ = KeepLogAsync(child.Stderr!);
        _ = KeepLogAsync(child.Stdout!);
    }

    /// <summary>Runs the managed agent with <c>dotnet</c>.</summary>
    internal static IReadOnlyList<string> Managed { get; } = [DotNet(), Path.Combine(AppContext.BaseDirectory, "sandbox-agent.dll")];

    internal OwnerStub Owner { get; private set; }

    internal HttpClient Http => Owner.Http;

    internal int Pid => _process.Pid;

    internal Task<ExitStatus> Exited => _process.Exited;

    internal string Log
    {
        get
        {
            lock (_log)
            {
                return _log.ToString();
            }
        }
    }

    /// <summary>Where it puts what it needs for a moment; nothing else is put there.</summary>
    internal string Temporary => _folder.File("tmp");

    internal string SocketFile => _folder.File("s");

    internal static async Task<RunningAgent> StartAsync(
        IReadOnlyList<string>? command = null, IReadOnlyList<string>? options = null, IReadOnlyDictionary<string, string>? env = null)
    {
        var agent = new RunningAgent(command ?? Managed, options ?? [], env, dials: true);
        await agent.StatusAsync();
        return agent;
    }

    /// <summary>With exactly these options; nothing is awaited.</summary>
    internal static Task<RunningAgent> StartAloneAsync(IReadOnlyList<string> options) =>
        Task.FromResult(new RunningAgent(Managed, options, env: null, dials: false));

    /// <summary>Whether anything answers there.</summary>
    internal async Task<bool> AnswersAsync(HttpClient http)
    {
        Assert.False(Exited.IsCompleted, $"the agent ended: {Log}");
        try
        {
            using var answer = await http.GetAsync(AgentRoutes.Status);
            return true;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    internal async Task<AgentStatus> StatusAsync()
    {
        using var limit = new CancellationTokenSource(Patience);
        return await Http.GetFromJsonAsync(AgentRoutes.Status, AgentJson.Default.AgentStatus, limit.Token)
            ?? throw new InvalidDataException("The agent's status was null.");
    }

    internal async Task InitAsync(double graceSeconds, IReadOnlyDictionary<string, string>? env = null)
    {
        var init =
            new AgentInit
            {
                SandboxId = "box",
                Incarnation = "1",
                GraceSeconds = graceSeconds,
                Env = env ?? new Dictionary<string, string>()
            };
        using var answer = await Http.PostAsJsonAsync(AgentRoutes.Init, init, AgentJson.Default.AgentInit);
        answer.EnsureSuccessStatusCode();
    }

    /// <summary>The owner dies and comes back with a new socket file.</summary>
    internal async Task RestartOwnerAsync()
    {
        await Owner.DisposeAsync();
        Owner = new OwnerStub(SocketFile);
    }

    internal void Signal(int signal) => _process.Signal(signal);

    public async ValueTask DisposeAsync()
    {
        _process.KillSession();
        await _process.Exited.WaitAsync(Patience);
        await Owner.DisposeAsync();
        _process.Dispose();
        _folder.Dispose();
    }

    private async Task KeepLogAsync(Stream stream)
    {
        var buffer = new byte[4096];
        try
        {
            int count;
            while ((count = await stream.ReadAsync(buffer)) > 0)
            {
                lock (_log)
                {
                    _log.Append(Encoding.UTF8.GetString(buffer, 0, count));
                }
            }
        }
        catch (Exception closed) when (closed is IOException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private static string DotNet() => Environment.ProcessPath is { } self && Path.GetFileName(self) == "dotnet" ? self : "dotnet";
}
