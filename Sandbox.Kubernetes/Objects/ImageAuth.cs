using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Options;

namespace Sandbox.Kubernetes.Objects;

/// <summary>
/// Credentials of an image's registry, in the two forms that clusters take: encrypted for a component of the cluster that has the
/// same key (base64 of nonce, ciphertext and tag, AES-GCM), and as the kubelet's own pull secret.
/// </summary>
internal sealed class ImageAuth(IOptions<KubernetesOptions> options)
{
    public const int KeyLength = 32;

    private const int NonceLength = 12;
    private const int TagLength = 16;

    /// <summary>Empty without credentials or without a key.</summary>
    public string Encrypt(string? username, string? password)
    {
        if (username is null || password is null || options.Value.ImageAuthKeyFile.Length == 0)
        {
            return "";
        }

        var plain = JsonSerializer.SerializeToUtf8Bytes(new JsonObject { ["username"] = username, ["password"] = password });
        var box = new byte[NonceLength + plain.Length + TagLength];
        RandomNumberGenerator.Fill(box.AsSpan(0, NonceLength));
        using var aes = new AesGcm(File.ReadAllBytes(options.Value.ImageAuthKeyFile), TagLength);
        aes.Encrypt(box.AsSpan(0, NonceLength), plain, box.AsSpan(NonceLength, plain.Length), box.AsSpan(NonceLength + plain.Length));
        return Convert.ToBase64String(box);
    }

    /// <summary>The content of a <c>.dockerconfigjson</c>.</summary>
    public static byte[] PullSecret(string image, string username, string password) => JsonSerializer.SerializeToUtf8Bytes(new JsonObject
    {
        ["auths"] = new JsonObject { [RegistryOf(image)] = new JsonObject { ["username"] = username, ["password"] = password } },
    });

    /// <summary>A first part that has a dot or a port, or is "localhost", is a registry.</summary>
    private static string RegistryOf(string image) =>
        image.Split('/') is [var first, _, ..]
            && (first.Contains('.', StringComparison.Ordinal) || first.Contains(':', StringComparison.Ordinal) || first == "localhost")
            ? first
            : "https://index.docker.io/v1/";
}
