using Sandbox.Domain.Stores;
using Sandbox.Storage.InMemory;
using Sandbox.Storage.Tests.Contract;

namespace Sandbox.Storage.Tests.InMemory;

public sealed class InMemoryLiveStoreTests : LiveStoreContract
{
    protected override ValueTask<ILiveStore> OpenAsync() => ValueTask.FromResult<ILiveStore>(new InMemoryLiveStore());
}
