using System.Text;
using Sandbox.Api.Tests.Servers;
using Sandbox.Client;
using Sandbox.Client.Processes;
using Sandbox.Contracts.Envd;
using Sandbox.Contracts.Ids;

namespace Sandbox.Api.Tests.Conformance;

/// <summary>The streaming way from the typed client to a real agent and back.</summary>
public sealed class EnvdJourneyTests(RealServer server) : IClassFixture<RealServer>, IAsyncLifetime
{
    private SandboxId _id;

    public async ValueTask InitializeAsync()
    {
        var request = new Contracts.Rock.StartRequest { Image = "none", Memory = "512m", Cpus = 1 };
        var status = await server.Client.StartAndWaitAsync(request, null, TestContext.Current.CancellationToken);
        _id = SandboxId.Parse(status.SandboxId!);
    }

    public async ValueTask DisposeAsync() => await server.Client.StopAsync(_id, default);

    [Fact]
    public async Task Process_WithBothOutputsAndAnInput_StreamsThem()
    {
        await using var process = await StartAsync("read line; echo \"got $line\"; echo oops >&2; exit 7");
        await process.SendInputAsync("hello\n"u8.ToArray(), default);

        var (output, errors, end) = await ReadAsync(process);

        Assert.Equal(("got hello\n", "oops\n", 7), (output, errors, end.ExitCode));
    }

    [Fact]
    public async Task Process_Signalled_SaysWhatEndedIt()
    {
        await using var process = await StartAsync("echo ready; exec sleep 100");

        await process.SendSignalAsync(ProcessSignal.SIGNAL_SIGKILL, default);
        var (_, _, end) = await ReadAsync(process);

        Assert.Equal((-1, false), (end.ExitCode, end.Exited));
    }

    [Fact]
    public async Task Process_WhoseInputIsClosed_SeesTheEnd()
    {
        await using var process = await StartAsync("cat; echo done");

        await process.SendInputAsync("x"u8.ToArray(), default);
        await process.CloseStdinAsync(default);

        Assert.Equal("xdone\n", (await ReadAsync(process)).Output);
    }

    [Fact]
    public async Task Process_OfNoSuchCommand_IsRefusedWithItsReason()
    {
        var refused = await Assert.ThrowsAsync<SandboxClientException>(() => server.Client.Processes(_id).StartAsync(
            new StartRequest { Process = new ProcessConfig { Cmd = "/no/such/command" } }, default));

        Assert.NotEqual(SandboxClientException.BadAnswer, refused.Code);
        Assert.Contains("/no/such/command", refused.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Output_OfManyMegabytes_ArrivesWhole()
    {
        const long size = 64L * 1024 * 1024;
        await using var process = await StartAsync($"head -c {size} /dev/zero");

        var read = 0L;
        await foreach (var happened in process.ReadAllAsync(default))
        {
            read += happened.Data?.Stdout?.Length ?? 0;
        }

        Assert.Equal(size, read);
    }

    private Task<ProcessStream> StartAsync(string script) => server.Client.Processes(_id).StartAsync(
        new StartRequest { Process = new ProcessConfig { Cmd = "/bin/sh", Args = ["-c", script] } }, default);

    private static async Task<(string Output, string Errors, ProcessEnded End)> ReadAsync(ProcessStream process)
    {
        var (output, errors) = (new StringBuilder(), new StringBuilder());
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        await foreach (var happened in process.ReadAllAsync(limit.Token))
        {
            output.Append(Encoding.UTF8.GetString(happened.Data?.Stdout ?? []));
            errors.Append(Encoding.UTF8.GetString(happened.Data?.Stderr ?? []));
            if (happened.End is { } end)
            {
                return (output.ToString(), errors.ToString(), end);
            }
        }

        throw new InvalidOperationException("The stream ended without the process.");
    }
}
