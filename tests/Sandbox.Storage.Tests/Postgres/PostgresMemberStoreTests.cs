using Sandbox.Domain.Stores;
using Sandbox.Storage.Postgres;
using Sandbox.Storage.Tests.Contract;

namespace Sandbox.Storage.Tests.Postgres;

public sealed class PostgresMemberStoreTests : MemberStoreContract
{
    private PostgresTestDatabase? _database;

    protected override IMemberStore Members => new PostgresMemberStore(_database!.At(Time));

    public override async ValueTask InitializeAsync() => _database = await PostgresTestDatabase.NewAsync();

    public override ValueTask DisposeAsync() => _database?.DisposeAsync() ?? ValueTask.CompletedTask;
}
