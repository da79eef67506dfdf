using System.Security.Cryptography;
using Sandbox.Contracts.Files;
using Sandbox.Domain.Stores;
using Sandbox.Rollout;
using Sandbox.Rollout.Stores;
using Sandbox.Storage.Encryption;
using Sandbox.Storage.InMemory;
using Sandbox.Storage.Sqlite;

namespace Sandbox.Storage;

/// <summary>Opens where rollouts are kept.</summary>
public static class RolloutStores
{
    /// <summary>The rollouts of one machine, in a file for its owner alone, made when it is missing.</summary>
    /// <exception cref="SchemaTooNewException">The file was written by a newer program.</exception>
    public static IRolloutStore Open(string path) => OpenAll(path).Rollouts;

    /// <summary>The same with their history, schedules and webhooks. Secrets in it are encrypted under the one in <c>records.key</c> beside
    /// the file.</summary>
    /// <inheritdoc cref="Open"/>
    public static RolloutStoreSet OpenAll(string path) => OpenAll(path, new InMemoryChangeFeed());

    internal static RolloutStoreSet OpenAll(string path, IChangeFeed feed)
    {
        var database = SqliteDatabase.Open(path);
        return new RolloutStoreSet(
            new SqliteRolloutStore(database, feed),
            new RolloutHistoryStores(
                new SqliteDeploymentStore(database, feed), new SqliteScheduleStore(database, feed),
                new SqliteWebhookStore(database, feed, CipherBeside(path))));
    }

    /// <summary>Encrypts what stands in a file of one machine.</summary>
    internal static FieldCipher CipherBeside(string path) => new([OwnerOnlyFile.ReadOrCreate(
        Path.Combine(Path.GetDirectoryName(path)!, "records.key"), () => RandomNumberGenerator.GetBytes(FieldCipher.SecretLength))]);
}
