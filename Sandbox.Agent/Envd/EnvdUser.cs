using System.Diagnostics.CodeAnalysis;
using System.Text;
using Sandbox.Agent.Accounts;
using Sandbox.Agent.Native;
using Sandbox.Contracts.Envd;

namespace Sandbox.Agent.Envd;

/// <summary>The account a call acts as: named by <c>Authorization: Basic base64("name:")</c>, else <c>user</c> in a sandbox that was
/// made for E2B's clients and has such an account, else the agent's own.</summary>
internal static class EnvdUser
{
    /// <summary>What clients send when nobody chose a user; most images do not have it.</summary>
    private const string Unchosen = "user";

    internal static bool TryResolve(
        HttpContext context, AccountFiles accounts, [NotNullWhen(true)] out Account? account,
        [NotNullWhen(false)] out ConnectError? error) =>
        TryResolve(NameIn(context.Request.Headers.Authorization.ToString()), accounts, out account, out error);

    /// <param name="name">Null or empty: the account of calls that name none.</param>
    internal static bool TryResolve(
        string? name, AccountFiles accounts, [NotNullWhen(true)] out Account? account, [NotNullWhen(false)] out ConnectError? error)
    {
        account = string.IsNullOrEmpty(name) ? accounts.Default() : accounts.Find(name) ?? (name == Unchosen ? accounts.Own() : null);
        error = account is null ? ConnectErrors.Unauthenticated($"There is no user '{name}' in the sandbox.") : null;
        return account is not null;
    }

    private static string? NameIn(string authorization)
    {
        const string scheme = "Basic ";
        var bytes = new byte[256];
        return authorization.StartsWith(scheme, StringComparison.OrdinalIgnoreCase)
            && Convert.TryFromBase64String(authorization[scheme.Length..].Trim(), bytes, out var count)
                ? Encoding.UTF8.GetString(bytes, 0, count).Split(':')[0]
                : null;
    }
}
