using System.Text;
using Sandbox.Deployments.Local;
using Sandbox.Domain.Operators;
using Sandbox.Testing;

namespace Sandbox.Worker.Tests.Local;

public sealed class LocalLogTests : IDisposable
{
    private readonly TempFolder _temp = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private string Path => _temp.File("log");

    public void Dispose() => _temp.Dispose();

    [Theory]
    [InlineData("", 2, "")]
    [InlineData("\n", 1, "\n")]
    [InlineData("one\n", 1, "one\n")]
    [InlineData("one\ntwo\nthree\n", 2, "two\nthree\n")]
    [InlineData("one\ntwo\nthree", 2, "two\nthree")]
    [InlineData("one\n\n\n", 2, "\n\n")]
    [InlineData("one\ntwo\n", 3, "one\ntwo\n")]
    [InlineData("one\ntwo\n", 0, "")]
    public async Task Log_OfItsLastLines_HoldsNoMore(string written, int lines, string expected)
    {
        await File.WriteAllTextAsync(Path, written, Token);

        Assert.Equal(expected, await ReadAsync(new LogQuery(Tail: lines), isAlive: () => false));
    }

    [Fact]
    public async Task Log_ThatIsLong_IsItsLastMebibyte()
    {
        await File.WriteAllTextAsync(Path, new string('a', 10) + new string('b', 1024 * 1024), Token);

        Assert.Equal(new string('b', 1024 * 1024), await ReadAsync(new LogQuery(), isAlive: () => false));
    }

    [Fact]
    public async Task Log_Followed_HoldsWhatIsWrittenUntilItsProcessEnds()
    {
        await File.WriteAllTextAsync(Path, "one\n", Token);
        var asked = 0;

        // What is written just before the end is read, too.
        bool IsAlive()
        {
            File.AppendAllText(Path, $"{++asked}\n");
            return asked < 3;
        }

        Assert.Equal("one\n1\n2\n3\n", await ReadAsync(new LogQuery(Follow: true), IsAlive));
    }

    [Fact]
    public void Log_ThatIsNotThere_IsNone() =>
        Assert.Null(LocalLog.TryOpen(Path, new LogQuery(), () => false, TimeProvider.System));

    private async Task<string> ReadAsync(LogQuery query, Func<bool> isAlive)
    {
        using var log = LocalLog.TryOpen(Path, query, isAlive, TimeProvider.System);
        using var text = new MemoryStream();
        await foreach (var piece in log!.Pieces.WithCancellation(Token))
        {
            text.Write(piece.Span);
        }

        return Encoding.UTF8.GetString(text.ToArray());
    }
}
