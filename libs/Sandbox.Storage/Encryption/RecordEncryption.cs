using System.Text.Json;
using Microsoft.Extensions.Logging;
using Sandbox.Contracts.Ids;
using Sandbox.Contracts.Jobs;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Specs;

namespace Sandbox.Storage.Encryption;

/// <summary>What of records and jobs no row shows: environments and registry passwords. Rows that were written before this was done are
/// read as they are.</summary>
internal sealed partial class RecordEncryption(FieldCipher cipher, ILogger<RecordEncryption> logger)
{
    private const string EnvPurpose = "environment";
    private const string PasswordPurpose = "registry password";

    public SandboxInstance Encrypt(SandboxInstance record)
    {
        // One that could not be decrypted is written as it was read.
        if (record.Spec.Env.Count == 0 || record.Spec.HasEncryptedEnv)
        {
            return record;
        }

        var json = JsonSerializer.Serialize(record.Spec.Env, RecordJson.Default.IReadOnlyDictionaryStringString);
        var text = cipher.Encrypt(EnvPurpose, record.Id.ToString(), json);
        return With(record, new Dictionary<string, string> { [SandboxSpec.EncryptedEnv] = text });
    }

    /// <summary>An environment that cannot be decrypted stays as it is: the sandbox can be stopped and deleted, and no start goes on
    /// without its variables.</summary>
    public SandboxInstance Decrypt(SandboxInstance record)
    {
        if (!record.Spec.Env.TryGetValue(SandboxSpec.EncryptedEnv, out var text))
        {
            return record;
        }

        if (cipher.TryDecrypt(EnvPurpose, record.Id.ToString(), text) is { } json)
        {
            return With(record, JsonSerializer.Deserialize(json, RecordJson.Default.IReadOnlyDictionaryStringString)
                ?? throw new InvalidDataException($"The environment of sandbox {record.Id} is null."));
        }

        Log.Unreadable(logger, EnvPurpose, record.Id);
        return record;
    }

    public SandboxJob Encrypt(SandboxJob job) => job switch
    {
        StartSandboxJob { RegistryPassword: { } password } start => start with { RegistryPassword = Encrypt(job.SandboxId, password) },
        CommitSandboxJob { Password: { } password } commit => commit with { Password = Encrypt(job.SandboxId, password) },
        _ => job,
    };

    public SandboxJob Decrypt(SandboxJob job) => job switch
    {
        StartSandboxJob { RegistryPassword: { } text } start when FieldCipher.IsEncrypted(text) =>
            TryDecrypt(job.SandboxId, text) is { } password
                ? start with { RegistryPassword = password } : start with { RegistryPassword = null, PasswordDropped = true },
        CommitSandboxJob { Password: { } text } commit when FieldCipher.IsEncrypted(text) =>
            commit with { Password = TryDecrypt(job.SandboxId, text) },
        _ => job,
    };

    private static SandboxInstance With(SandboxInstance record, IReadOnlyDictionary<string, string> env) =>
        record with { Spec = record.Spec with { Env = env } };

    private string Encrypt(SandboxId id, string password) => cipher.Encrypt(PasswordPurpose, id.ToString(), password);

    private string? TryDecrypt(SandboxId id, string text)
    {
        var password = cipher.TryDecrypt(PasswordPurpose, id.ToString(), text);
        if (password is null)
        {
            Log.Unreadable(logger, PasswordPurpose, id);
        }

        return password;
    }

    private static partial class Log
    {
        [LoggerMessage(
            2041, LogLevel.Error,
            "The {What} of sandbox {SandboxId} was encrypted under a secret that this process does not have (Cluster:FormerSecretFile, "
                + "or records.key of the data folder)")]
        public static partial void Unreadable(ILogger logger, string what, SandboxId sandboxId);
    }
}
