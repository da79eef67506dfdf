using Sandbox.Serving.Llama.Inference;

namespace Sandbox.Serving.Llama.Tests.Inference;

public sealed class StopWordsTests
{
    [Fact]
    public void Text_WithAWordOverTwoPieces_EndsBeforeIt()
    {
        var stop = new StopWords(["END"]);

        Assert.Equal("ab", stop.Append("abE"));
        Assert.False(stop.IsFound, "Only the first letter of the stop word was there.");
        Assert.Equal("", stop.Append("NDcd"));
        Assert.True(stop.IsFound, "The stop word was complete.");
    }

    [Fact]
    public void Text_WithABeginningOnly_IsWholeInTheEnd()
    {
        var stop = new StopWords(["END"]);

        Assert.Equal("ab", stop.Append("abEN"));
        Assert.Equal("ENt", stop.Append("t"));
        Assert.Equal("", stop.Append("E"));
        Assert.Equal("E", stop.Flush());
    }

    [Fact]
    public void Text_WithTwoWords_EndsBeforeTheFirst() => Assert.Equal("a", new StopWords(["c", "b"]).Append("abc"));
}
