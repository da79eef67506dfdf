using System.Text;
using Sandbox.Serving.OpenAi;
using Sandbox.Serving.Routing;

namespace Sandbox.Serving.Tests.OpenAi;

public sealed class OpenAiErrorTests
{
    public static TheoryData<AcquireOutcome, int, string?, string> Refusals() => new()
    {
        {
            new AcquireOutcome.UnknownModel("gpt"), 404, null,
            """{"error":{"message":"The model 'gpt' does not exist.","type":"invalid_request_error","param":null,"code":"model_not_found"}}"""
        },
        {
            new AcquireOutcome.QueueFull(TimeSpan.FromSeconds(1.2)), 429, "2",
            """{"error":{"message":"Too many requests wait for this model.","type":"rate_limit_error","param":null,"code":"queue_full"}}"""
        },
        {
            new AcquireOutcome.Unavailable(TimeSpan.FromSeconds(1)), 503, "1",
            """{"error":{"message":"No engine of this model can take a request.","type":"server_error","param":null,"code":"model_unavailable"}}"""
        },
    };

    [Theory]
    [MemberData(nameof(Refusals))]
    public void Refusal_OfARequest_IsABodyOfTheInterface(AcquireOutcome outcome, int status, string? retryAfter, string body)
    {
        var error = OpenAiError.From(outcome);

        Assert.Equal((status, retryAfter), (error.Status, error.RetryAfterSeconds));
        Assert.Equal(body, Encoding.UTF8.GetString(error.ToBody()).Replace("\\u0027", "'", StringComparison.Ordinal));
        Assert.Equal($"data: {body}\n\n", Encoding.UTF8.GetString(error.ToEvent()).Replace("\\u0027", "'", StringComparison.Ordinal));
    }

    [Fact]
    public void Request_ThatIsWrong_IsToldWithoutATimeToRetry()
    {
        var error = OpenAiError.BadRequest("'model' is required.");

        Assert.Equal((400, "invalid_request_error", null), (error.Status, error.Type, error.RetryAfterSeconds));
    }
}
