using System.IO.Pipelines;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using Sandbox.Api.Auth;
using Sandbox.Api.Http;
using Sandbox.Api.Rock;

namespace Sandbox.Api.Tests.Rock;

public sealed class RockBodyTests
{
    [Fact]
    public async Task Body_ThatDoesNotArrive_IsGivenUp()
    {
        var time = new FakeTimeProvider();
        var options = Options.Create(new ApiOptions());
        using var trimmer = new MemoryTrimmer(time, static _ => { });
        using var budget = new BufferBudget(options, trimmer, time);
        var body = new Pipe();
        await body.Writer.WriteAsync("{"u8.ToArray(), TestContext.Current.CancellationToken);
        var answer = new MemoryStream();
        var http = new DefaultHttpContext();
        http.Features.Set(new Caller("red", IsAdmin: false));
        (http.Request.Body, http.Request.ContentType, http.Response.Body) = (body.Reader.AsStream(), "application/json", answer);

        var reading = new RockBody(new BodyBuffer(budget, time), options).ReadAsync(http, RockRequests.Id);
        Assert.False(reading.IsCompleted, "the rest of the body may still come");
        time.Advance(BodyBuffer.Longest);

        Assert.Null(await reading);
        Assert.Contains("body: it did not arrive within 5 min", Encoding.UTF8.GetString(answer.ToArray()), StringComparison.Ordinal);
    }
}
