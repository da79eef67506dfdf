using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Sandbox.Contracts.Jobs;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Lifecycle;
using Sandbox.Node.Agents;
using Sandbox.Testing;
using Sandbox.Worker.Tests.Running;

namespace Sandbox.Worker.Tests.Agents;

public sealed class AgentGatewayTests
{
    [Fact]
    public async Task Call_ToASandboxThatIsStillToBeTakenUp_WaitsLongerThanForAnAgentThatWasLost()
    {
        using var data = new TempFolder();
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
        await using var worker = WorkerHost.Build(data.Path, services => services.AddSingleton<TimeProvider>(time));
        var running = WorkerHost.Prepare("box") with { State = SandboxState.Running, HostName = "node-1" };
        var job = new StartSandboxJob { SandboxId = running.Id, SandboxVersion = 1, Incarnation = running.Incarnation };
        var created = await worker.Records.TryCreateAsync(running, job, CancellationToken.None);
        Assert.True(created.TryGet(out _, out var refused), refused?.Text);

        var opening = worker.Gateway.OpenAsync(running.Id, CancellationToken.None).AsTask();
        time.Advance(AgentGateway.Patience);
        await Assert.ThrowsAsync<TimeoutException>(() => opening.WaitAsync(TimeSpan.FromMilliseconds(200)));

        time.Advance(AgentGateway.AdoptionPatience - AgentGateway.Patience);
        Assert.False((await opening.WaitAsync(WorkerHost.Soon)).TryGet(out _, out var error), "there is no agent");
        Assert.Equal("its agent is not connected", Assert.IsType<SandboxError.AgentUnreachable>(error).Reason);
    }
}
