using System.Collections.Concurrent;
using Sandbox.Agent.Activity;
using Sandbox.Contracts.Rock;

namespace Sandbox.Agent.Sessions;

/// <summary>The open sessions by name.</summary>
internal sealed class SessionTable(ShellStart start, SyntaxCheck syntax, AgentActivity activity, TimeProvider time) : IDisposable
{
    private const int MaxSessions = 1024;

    // A name is taken from the moment it is asked for; null while its shell starts.
    private readonly ConcurrentDictionary<string, ShellSession?> _sessions = new(StringComparer.Ordinal);

    /// <returns>What the shell said at its start.</returns>
    public async Task<string> CreateAsync(CreateSessionRequest request)
    {
        if (_sessions.Count >= MaxSessions)
        {
            throw new SessionFailure(SessionFailureKind.CannotStart, $"{MaxSessions} sessions are open; close some first");
        }

        if (!_sessions.TryAdd(request.Session, null))
        {
            throw new SessionFailure(SessionFailureKind.Exists, $"session '{request.Session}' already exists");
        }

        ShellSession? session = null;
        try
        {
            var shell = start.Start(request);
            session = new ShellSession(request.Session, shell, new ShellConversation(shell, activity, time), syntax, time);
            var said = await session.OpenAsync(request);
            _sessions[request.Session] = session;
            activity.SessionOpened();
            return said;
        }
        catch
        {
            session?.Dispose();
            _sessions.TryRemove(request.Session, out _);
            throw;
        }
    }

    public ShellSession Get(string name) =>
        _sessions.TryGetValue(name, out var session) && session is not null ? session : throw Unknown(name);

    public void Close(string name)
    {
        if (!_sessions.TryGetValue(name, out var session) || session is null || !_sessions.TryRemove(new(name, session)))
        {
            throw Unknown(name);
        }

        activity.SessionClosed();
        session.Dispose();
    }

    public void CloseAll()
    {
        foreach (var (name, session) in _sessions)
        {
            if (session is not null && _sessions.TryRemove(new(name, session)))
            {
                activity.SessionClosed();
                session.Dispose();
            }
        }
    }

    public void Dispose() => CloseAll();

    private static SessionFailure Unknown(string name) => new(SessionFailureKind.Unknown, $"session '{name}' does not exist");
}
