using System.Security.Cryptography;
using System.Text;

namespace Sandbox.Api.Http;

/// <summary>The host name under which connections to what has no host are kept apart: a digest, because names of hosts have no upper case
/// and few characters.</summary>
internal static class ConnectionName
{
    private const int Bytes = 20;

    public static string Of(string destination) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(destination)).AsSpan(0, Bytes));
}
