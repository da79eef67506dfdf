using Sandbox.Contracts.Ids;
using Sandbox.Domain.Errors;
using Sandbox.Worker.Tests.Running;

namespace Sandbox.Worker.Tests.Agents;

public sealed class AgentGatewayTests : LocalWorkerTests
{
    [Fact]
    public async Task Open_UnknownId_IsNotFound() =>
        Assert.IsType<SandboxError.NotFound>(await ErrorAsync("nobody"));

    [Fact]
    public async Task Open_WhileItStarts_IsNotStarted()
    {
        var gate = Hold("starting");
        await Worker.SubmitAsync(WorkerHost.Prepare("box"));
        await gate.Reached;

        Assert.Equal("Sandbox box is not started (pending).", (await ErrorAsync("box")).Text);

        gate.Open();
        await Worker.UntilAsync(SandboxId.Parse("box"), now => now.State is Domain.Lifecycle.SandboxState.Running, "running");
        Assert.Equal("1\n", await Worker.ExecAsync(SandboxId.Parse("box"), "echo 1"));
    }

    [Fact]
    public async Task Open_Deleted_IsNotFound()
    {
        var record = await Worker.RunAsync(WorkerHost.Prepare("box"));
        await Worker.Sandboxes.StopAsync(record.Id, Domain.Operators.StopReason.Asked, CancellationToken.None);
        await Worker.Sandboxes.DeleteAsync(record.Id, CancellationToken.None);

        Assert.IsType<SandboxError.NotFound>(await ErrorAsync("box"));
    }

    [Fact]
    public async Task Open_ManyAtOnce_AllAnswer()
    {
        var record = await Worker.RunAsync(WorkerHost.Prepare("box"));

        var answers = await Task.WhenAll(Enumerable.Range(0, 32).Select(number => Worker.ExecAsync(record.Id, $"echo {number}")));

        Assert.Equal(Enumerable.Range(0, 32).Select(number => $"{number}\n"), answers);
    }

    private async Task<SandboxError> ErrorAsync(string id)
    {
        Assert.False((await Worker.Gateway.OpenAsync(SandboxId.Parse(id), CancellationToken.None)).TryGet(out _, out var error));
        return error;
    }
}
