using System.Text;
using Sandbox.Serving.OpenAi;

namespace Sandbox.Serving.Tests.OpenAi;

public sealed class UsageReaderTests
{
    private const string Usage = """{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5,"prompt_tokens_details":{"cached_tokens":1}}""";

    public static TheoryData<string, TokenUsage?> Answers() => new()
    {
        { $$"""{"choices":[{"text":"a"}],"usage":{{Usage}}}""", new(3, 2) },
        { $$"""{"choices":[], "usage" : {{Usage}}, "kv_transfer_params":null }""", new(3, 2) },
        { $"data: {{\"usage\":null}}\n\ndata: {{\"choices\":[],\"usage\":{Usage}}}\n\ndata: [DONE]\n\n", new(3, 2) },
        { """data: {"usage":{"prompt_tokens":1,"completion_tokens":1}}""" + "\n\n" + $$"""data: {"usage":{{Usage}}}""" + "\n\n", new(3, 2) },
        { """{"usage":{"input_tokens":7,"output_tokens":9}}""", new(7, 9) },
        // A text of the model.
        { """{"choices":[{"text":"\"usage\":{\"prompt_tokens\":1000000}"}]}""", null },
        { """{"choices":[{"text":"usage"}]}""", null },
        { """{"usage":null}""", null },
        { """{"usage":{"prompt_tokens":3""", null },
        { """{"usage":{"prompt_tokens":-3,"completion_tokens":"many"}}""", new(0, 0) },
        { "", null },
    };

    [Theory]
    [MemberData(nameof(Answers))]
    public void Usage_OfAnAnswerInAnyPieces_IsTheLastThatWasSaid(string answer, TokenUsage? expected)
    {
        foreach (var size in new[] { 1, 7, 64, 100_000 })
        {
            var reader = new UsageReader();
            foreach (var piece in Encoding.UTF8.GetBytes(answer).Chunk(size))
            {
                reader.Append(piece);
            }

            Assert.Equal(expected, reader.Read());
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(5_000)]
    [InlineData(8 << 10)]
    [InlineData(1_000_000)]
    public void Usage_BehindALongAnswer_IsFoundWithoutHoldingIt(int length)
    {
        var reader = new UsageReader();

        reader.Append(Encoding.UTF8.GetBytes(new string('x', length)));
        reader.Append(Encoding.UTF8.GetBytes($$"""","usage":{{Usage}}}""""));

        Assert.Equal(new TokenUsage(3, 2), reader.Read());
    }
}
