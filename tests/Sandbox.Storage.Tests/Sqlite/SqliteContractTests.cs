using Sandbox.Storage.Tests.Contract;

namespace Sandbox.Storage.Tests.Sqlite;

// The contract, met by SQLite.
public sealed class SqliteSandboxStoreTests() : SandboxStoreContract(SqliteFile.OpenAsync);

public sealed class SqliteSandboxListTests() : SandboxListContract(SqliteFile.OpenAsync);

public sealed class SqliteJobStoreTests() : JobStoreContract(SqliteFile.OpenAsync);

public sealed class SqliteCommitStoreTests() : CommitStoreContract(SqliteFile.OpenAsync);

public sealed class SqliteLeaseStoreTests() : LeaseStoreContract(SqliteFile.OpenAsync);

public sealed class SqliteJobPlacementTests() : JobPlacementContract(SqliteFile.OpenAsync);

public sealed class SqliteJobSlotTests() : JobSlotContract(SqliteFile.OpenAsync);

public sealed class SqliteStrandedJobTests() : StrandedJobContract(SqliteFile.OpenAsync);

public sealed class SqliteDeadLetterTests() : DeadLetterContract(SqliteFile.OpenAsync);

public sealed class SqliteNodeStoreTests() : NodeStoreContract(SqliteFile.OpenAsync);

public sealed class SqliteTenantStoreTests() : TenantStoreContract(SqliteFile.OpenAsync);

public sealed class SqliteQuotaTests() : QuotaContract(SqliteFile.OpenAsync);

public sealed class SqliteEncryptionTests() : EncryptionContract(SqliteFile.OpenAsync);

public sealed class SqliteRolloutStoreTests() : RolloutStoreContract(SqliteFile.OpenAsync);

public sealed class SqliteRolloutHistoryTests() : RolloutHistoryContract(SqliteFile.OpenAsync);

public sealed class SqliteModelStoreTests() : ModelStoreContract(SqliteFile.OpenAsync);

public sealed class SqliteEnvironmentStoreTests() : EnvironmentStoreContract(SqliteFile.OpenAsync);

public sealed class SqliteModelUsageStoreTests() : ModelUsageStoreContract(SqliteFile.OpenAsync);
