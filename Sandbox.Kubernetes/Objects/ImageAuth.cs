using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Options;
using Sandbox.Domain.Specs;

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
    public static byte[] PullSecret(string registry, string username, string password) => JsonSerializer.SerializeToUtf8Bytes(new JsonObject
    {
        ["auths"] = new JsonObject { [KeyOf(registry)] = new JsonObject { ["username"] = username, ["password"] = password } },
    });

    /// <summary>The registry that an image names; null: none. Credentials go to that one and to no other, so that a misspelt image does
    /// not carry them to the default registry.</summary>
    public static string? RegistryOf(string image) => ImageReference.Parse(image)?.Registry;

    /// <summary>The default registry has a name of its own in these files.</summary>
    private static string KeyOf(string registry) => registry is "docker.io" ? "https://index.docker.io/v1/" : registry;
}
