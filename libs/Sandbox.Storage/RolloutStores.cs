using Sandbox.Rollout.Stores;
using Sandbox.Storage.InMemory;
using Sandbox.Storage.Sqlite;

namespace Sandbox.Storage;

/// <summary>Opens where rollouts are kept.</summary>
public static class RolloutStores
{
    /// <summary>The rollouts of one machine, in a file for its owner alone, made when it is missing.</summary>
    /// <exception cref="SchemaTooNewException">The file was written by a newer program.</exception>
    public static IRolloutStore Open(string path) => new SqliteRolloutStore(SqliteDatabase.Open(path), new InMemoryChangeFeed());
}
