using System.IO.Pipelines;
using System.Net;
using System.Net.Http.Json;
using System.Text;
using Sandbox.Api.Tests.Servers;
using Sandbox.Contracts.Management;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Operators;

namespace Sandbox.Api.Tests.Management;

/// <summary>The route to the log of a sandbox; what is behind it is a stand-in.</summary>
public sealed class SandboxLogTests(SharedApiServer shared) : IClassFixture<SharedApiServer>
{
    private readonly ApiServer _server = shared.Server;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Log_Asked_IsPlainTextOfThePartThatWasAskedFor()
    {
        var id = await _server.GivenRunningAsync();

        using var answer = await GetAsync($"{id}/logs?tail=7&since=2030-01-31T10:00:00%2B02:00");

        Assert.Equal("text/plain; charset=utf-8", answer.Content.Headers.ContentType?.ToString());
        Assert.Equal("nosniff", Assert.Single(answer.Headers.GetValues("X-Content-Type-Options")));
        Assert.Equal($"{id} False 7 2030-01-31T10:00:00.0000000+02:00\n", await answer.Content.ReadAsStringAsync(Token));
    }

    [Theory]
    [InlineData("tail=-1", "tail")]
    [InlineData("tail=100001", "tail")]
    [InlineData("since=yesterday", "since")]
    [InlineData("follow=maybe", "follow")]
    [InlineData("follow=true&follow=true", "follow")]
    [InlineData("lines=3", "lines")]
    public async Task Log_AskedForWithAnUnknownPart_IsRefusedByItsName(string query, string name)
    {
        var id = await _server.GivenRunningAsync();

        using var answer = await GetAsync($"{id}/logs?{query}");

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.StartsWith($"{name}: ", (await ProblemAsync(answer)).Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Log_ThatCannotBeHad_IsAProblemThatSaysWhy()
    {
        var id = await _server.GivenStoppedAsync();
        var logs = _server.Get<TestLogs>();
        var before = logs.Open;
        try
        {
            logs.Open = (_, _) => new SandboxError.Unsupported(SandboxLog.Reading, "it runs elsewhere.");
            using var elsewhere = await GetAsync($"{id}/logs");
            logs.Open = (sandbox, _) => new SandboxError.NoLog(sandbox.Id, "it is archived");
            using var archived = await GetAsync($"{id}/logs");

            var problem = await ProblemAsync(archived);
            Assert.Equal((501, "not_supported"), ((int)elsewhere.StatusCode, (await ProblemAsync(elsewhere)).Code));
            Assert.Equal((409, "conflict"), ((int)archived.StatusCode, problem.Code));
            Assert.Equal($"There is no log of sandbox {id}: it is archived.", problem.Detail);
        }
        finally
        {
            logs.Open = before;
        }
    }

    [Fact]
    public async Task Log_OfADeletedSandbox_IsNotFound()
    {
        var id = await _server.GivenStoppedAsync();
        await _server.PostAsync("/delete", $$"""{"sandbox_id":"{{id}}"}""");

        using var answer = await GetAsync($"{id}/logs");

        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
    }

    [Fact]
    public async Task Log_Followed_ComesPieceByPiece_AndEndsWithItsReader()
    {
        var id = await _server.GivenRunningAsync();
        var pipe = new Pipe();
        var released = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var logs = _server.Get<TestLogs>();
        var before = logs.Open;
        try
        {
            logs.Open = (_, _) => new SandboxLog(SandboxLog.Of(pipe.Reader.AsStream()).Pieces, new Released(released));
            var answer = await _server.Http.GetAsync(
                new Uri($"/api/v1/sandboxes/{id}/logs?follow=true", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, Token);
            var body = await answer.Content.ReadAsStreamAsync(Token);
            var buffer = new byte[100];

            await pipe.Writer.WriteAsync(Encoding.UTF8.GetBytes("one\n"), Token);
            var count = await body.ReadAsync(buffer, Token);
            Assert.Equal("one\n", Encoding.UTF8.GetString(buffer, 0, count));
            answer.Dispose();

            await released.Task.WaitAsync(TimeSpan.FromMinutes(1), Token);
        }
        finally
        {
            logs.Open = before;
        }
    }

    private Task<HttpResponseMessage> GetAsync(string path) =>
        _server.Http.GetAsync(new Uri($"/api/v1/sandboxes/{path}", UriKind.Relative), Token);

    private static async Task<ProblemMessage> ProblemAsync(HttpResponseMessage answer) =>
        (await answer.Content.ReadFromJsonAsync(ManagementJson.Default.ProblemMessage, Token))!;

    private sealed class Released(TaskCompletionSource released) : IDisposable
    {
        public void Dispose() => released.TrySetResult();
    }
}
