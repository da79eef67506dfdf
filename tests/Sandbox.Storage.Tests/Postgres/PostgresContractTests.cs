using Sandbox.Storage.Tests.Contract;

namespace Sandbox.Storage.Tests.Postgres;

// The contract, met by Postgres.
public sealed class PostgresSandboxStoreTests() : SandboxStoreContract(PostgresStores.OpenAsync);

public sealed class PostgresSandboxListTests() : SandboxListContract(PostgresStores.OpenAsync);

public sealed class PostgresJobStoreTests() : JobStoreContract(PostgresStores.OpenAsync);

public sealed class PostgresCommitStoreTests() : CommitStoreContract(PostgresStores.OpenAsync);

public sealed class PostgresLeaseStoreTests() : LeaseStoreContract(PostgresStores.OpenAsync);

public sealed class PostgresJobPlacementTests() : JobPlacementContract(PostgresStores.OpenAsync);

public sealed class PostgresJobSlotTests() : JobSlotContract(PostgresStores.OpenAsync);

public sealed class PostgresStrandedJobTests() : StrandedJobContract(PostgresStores.OpenAsync);

public sealed class PostgresDeadLetterTests() : DeadLetterContract(PostgresStores.OpenAsync);

public sealed class PostgresNodeStoreTests() : NodeStoreContract(PostgresStores.OpenAsync);

public sealed class PostgresTenantStoreTests() : TenantStoreContract(PostgresStores.OpenAsync);

public sealed class PostgresQuotaTests() : QuotaContract(PostgresStores.OpenAsync);

public sealed class PostgresEncryptionTests() : EncryptionContract(PostgresStores.OpenAsync);

public sealed class PostgresRolloutStoreTests() : RolloutStoreContract(PostgresStores.OpenAsync);

public sealed class PostgresRolloutHistoryTests() : RolloutHistoryContract(PostgresStores.OpenAsync);

public sealed class PostgresModelStoreTests() : ModelStoreContract(PostgresStores.OpenAsync);

public sealed class PostgresEnvironmentStoreTests() : EnvironmentStoreContract(PostgresStores.OpenAsync);

public sealed class PostgresModelUsageStoreTests() : ModelUsageStoreContract(PostgresStores.OpenAsync);
