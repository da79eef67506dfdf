using Sandbox.Agent.Files;
using Sandbox.Agent.Native;

namespace Sandbox.Agent.Sessions;

/// <summary>A shell that was started for a session.</summary>
/// <param name="Path">As it was started.</param>
/// <param name="Note">What its caller has to be told about the start; null: nothing.</param>
internal sealed record StartedShell(ChildProcess Child, string Path, bool IsBash, Account Account, string? Note)
{
    /// <summary>Of files that the shell has to read; null: the agent's own account.</summary>
    public FileOwner? Owner => Account.User == Libc.GetEffectiveUser() ? null : new FileOwner(Account.User, Account.Group);
}
