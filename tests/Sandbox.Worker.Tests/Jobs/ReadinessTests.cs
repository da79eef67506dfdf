using Microsoft.AspNetCore.Http;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Lifecycle;
using Sandbox.Node.Agents;
using Sandbox.Node.Jobs;
using Sandbox.Testing;
using Sandbox.Worker.Tests.Agents;
using Sandbox.Worker.Tests.Running;

namespace Sandbox.Worker.Tests.Jobs;

/// <summary>From a container that runs to an agent that knows what it needs.</summary>
public sealed class ReadinessTests : IDisposable
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(60);

    private readonly TempFolder _folder = new();
    private readonly TaskCompletionSource<string> _ended = new();
    private readonly SandboxInstance _sandbox = WorkerHost.Prepare("box");
    private readonly AgentLink _link;

    public ReadinessTests() =>
        _link = new AgentLink(
            _sandbox.Id, _sandbox.Incarnation, ListeningTransport.Open(SocketFile, TimeProvider.System), TimeProvider.System);

    private string SocketFile => _folder.File("run/s");

    [Fact]
    public async Task Agent_WhoseConnectionBreaksWhenItIsTold_IsToldAgain()
    {
        var asked = 0;
        await using var agent = await FakeAgent.StartAsync(SocketFile, async context =>
        {
            if (Interlocked.Increment(ref asked) <= 2)
            {
                context.Abort();
                return;
            }

            await context.Response.WriteAsync(AgentLinkTests.StatusJson);
        });

        Assert.Null(await AwaitAsync());
        Assert.Equal(3, asked);
    }

    [Theory]
    [InlineData(500, "", "its agent answered 500")]
    [InlineData(200, "no status", "its agent's answer is not what was expected")]
    public async Task Agent_ThatAnswersSomethingElse_FailsTheStartAtOnce(int code, string body, string reason)
    {
        await using var agent = await FakeAgent.StartAsync(SocketFile, context =>
        {
            context.Response.StatusCode = code;
            return context.Response.WriteAsync(body);
        });

        Assert.Equal(reason, Assert.IsType<SandboxError.AgentUnreachable>(await AwaitAsync()).Reason);
    }

    [Fact]
    public async Task Agent_ThatAnswersMoreThanIsRead_FailsTheStartAtOnce()
    {
        await using var agent = await FakeAgent.StartAsync(SocketFile, context => context.Response.WriteAsync(new string(' ', 1 << 20)));

        Assert.True(Assert.IsType<SandboxError.AgentUnreachable>(await AwaitAsync()).Answered, "an answer that is too long is one");
    }

    [Fact]
    public async Task Agent_WhoseContainerEndsWhenItIsTold_FailsWithTheContainersReason()
    {
        await using var agent = await FakeAgent.StartAsync(SocketFile, context =>
        {
            _ended.TrySetResult("exit code 3");
            context.Abort();
            return Task.CompletedTask;
        });

        Assert.Equal("it ended before its agent answered: exit code 3", Assert.IsType<SandboxError.StartFailed>(await AwaitAsync()).Reason);
    }

    public void Dispose()
    {
        _link.Dispose();
        _folder.Dispose();
    }

    private Task<SandboxError?> AwaitAsync() =>
        Readiness.AwaitAgentAsync(_sandbox, _link, _ended.Task.WaitAsync, TimeProvider.System, CancellationToken.None).WaitAsync(Soon);
}
