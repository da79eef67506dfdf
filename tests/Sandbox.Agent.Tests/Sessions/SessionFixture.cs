using Sandbox.Agent.Accounts;
using Sandbox.Agent.Activity;
using Sandbox.Agent.Processes;
using Sandbox.Agent.Sessions;
using Sandbox.Agent.Tests.Native;
using Sandbox.Contracts.Rock;
using Sandbox.Testing;

namespace Sandbox.Agent.Tests.Sessions;

/// <summary>Sessions of each shell that this machine has.</summary>
public sealed class SessionFixture : IDisposable
{
    private readonly Dictionary<string, SessionTable> _tables = [];
    private readonly TempFolder _folder = new();

    public SessionFixture()
    {
        var activity = new AgentActivity(TimeProvider.System);
        var spawner = Spawning.Spawner;
        var syntax = new SyntaxCheck(new CommandRunner(spawner, activity, TimeProvider.System));
        Busybox = _folder.File("sh");
        File.CreateSymbolicLink(Busybox, "/usr/bin/busybox");
        foreach (var (kind, shells) in new[] { ("bash", ShellStart.Shells), ("dash", (string[])["/bin/dash"]), ("busybox", [Busybox]) })
        {
            _tables[kind] = new SessionTable(
                new ShellStart(spawner, new AccountFiles(), new SandboxEnvironment(), shells), syntax, activity, TimeProvider.System);
        }
    }

    private string Busybox { get; }

    internal SessionTable this[string kind]
    {
        get
        {
            Assert.SkipWhen(kind == "busybox" && !File.Exists("/usr/bin/busybox"), "busybox is not installed");
            Assert.SkipWhen(kind == "dash" && !File.Exists("/bin/dash"), "dash is not installed");
            return _tables[kind];
        }
    }

    public void Dispose()
    {
        foreach (var table in _tables.Values)
        {
            table.Dispose();
        }

        _folder.Dispose();
    }

    /// <summary>A session of its own for one test.</summary>
    internal async Task<TestSession> OpenAsync(string kind, CreateSessionRequest? request = null)
    {
        request = (request ?? new()) with { Session = Guid.NewGuid().ToString("N") };
        var said = await this[kind].CreateAsync(request);
        return new TestSession(this[kind], request.Session, said);
    }
}

internal sealed record TestSession(SessionTable Table, string Name, string Said) : IDisposable
{
    public bool HasEnded => Table.Get(Name).HasEnded;

    public Task<Observation> RunAsync(string command, string check = "silent", double? timeout = 60, params string[] expect) =>
        RunAsync(new BashAction { Command = command, Check = check, Timeout = timeout, Expect = expect });

    public async Task<Observation> RunAsync(BashAction action)
    {
        using var answer = await Table.Get(Name).RunAsync(
            action with { Session = Name, Timeout = action.Timeout ?? 60 }, TestContext.Current.CancellationToken);
        return new Observation { Output = answer.Text(), ExitCode = answer.ExitCode, ExpectString = answer.ExpectString };
    }

    public void Dispose() => Table.Close(Name);
}
