using System.Security.Cryptography;
using System.Text;

namespace Sandbox.Rollout.Plans;

/// <summary>Which variables are secrets, by their names.</summary>
internal static class SecretNames
{
    private static readonly string[] Parts = ["password", "passwd", "secret", "token", "private_key", "api_key", "_pass"];

    /// <summary>The value, or of a secret only what tells it from another one.</summary>
    public static string Shown(string name, string value) =>
        Parts.Any(part => name.Contains(part, StringComparison.OrdinalIgnoreCase))
            ? $"(secret, {Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(value)))[..12]})"
            : value;
}
