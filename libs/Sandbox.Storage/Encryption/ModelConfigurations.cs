using System.Text.Json;
using Sandbox.Domain.Models;

namespace Sandbox.Storage.Encryption;

/// <summary>The configurations of models, encrypted in their rows: any value of an engine may be a secret.</summary>
internal static class ModelConfigurations
{
    private const string Purpose = "model configuration";

    public static string Encrypt(FieldCipher cipher, ModelRecord model) => cipher.Encrypt(
        Purpose, RowOf(model), JsonSerializer.Serialize(model.Configuration, RecordJson.Default.IReadOnlyDictionaryStringString));

    /// <summary>The model with its configuration, or without one that cannot be decrypted here.</summary>
    public static ModelRecord With(FieldCipher cipher, ModelRecord model, string encrypted) =>
        cipher.TryDecrypt(Purpose, RowOf(model), encrypted) is { } json
            ? model with
            {
                Configuration = JsonSerializer.Deserialize(json, RecordJson.Default.IReadOnlyDictionaryStringString)
                    ?? throw new InvalidDataException($"The configuration of model {model.Name} is null."),
            }
            : model with { IsConfigurationUnreadable = true };

    // No name of a tenant has a slash.
    private static string RowOf(ModelRecord model) => $"{model.Tenant}/{model.Name}";
}
