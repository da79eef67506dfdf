using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using Sandbox.Api.Agents;
using Sandbox.Api.Auth;
using Sandbox.Api.Http;

namespace Sandbox.Api.Tests.Agents;

public sealed class AnswerBufferTests
{
    private const int MiB = 1024 * 1024;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>Measured by what it allocates: once it was six bytes of JSON for each of content, twice over, and two more for its
    /// string.</summary>
    [Fact]
    public async Task Answer_WithEachCharacterEscaped_TakesHardlyMoreThanItsContent()
    {
        using var trimmer = new MemoryTrimmer(TimeProvider.System, static _ => { });
        using var budget = new BufferBudget(Options.Create(new ApiOptions()), trimmer, TimeProvider.System);
        using var buffer = new AnswerBuffer();
        var escaped = new RepeatedStream("\\u0061", 2 * MiB);
        var before = GC.GetAllocatedBytesForCurrentThread();

        var reading = buffer.ReadAsync(escaped, 16 * MiB, new BufferReservation(budget, Http()), Token);

        Assert.True(reading.IsCompletedSuccessfully, "nothing has to be waited for, so that all of it was done on this thread");
        var taken = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.Equal(AnswerReading.Whole, await reading);
        Assert.Equal(2 * MiB, buffer.Json.Length);
        Assert.True(taken < 3 * MiB, $"2 MiB of content were to take less than 3 MiB of memory, not {taken / 1024} KiB");
    }

    [Fact]
    public async Task Answer_WithMoreContent_IsGivenUpAtOnce()
    {
        using var trimmer = new MemoryTrimmer(TimeProvider.System, static _ => { });
        using var budget = new BufferBudget(Options.Create(new ApiOptions()), trimmer, TimeProvider.System);
        using var buffer = new AnswerBuffer();
        var endless = new RepeatedStream("a", long.MaxValue);

        Assert.Equal(AnswerReading.TooLarge, await buffer.ReadAsync(endless, MiB, new BufferReservation(budget, Http()), Token));
        Assert.True(endless.Given < 2 * MiB, $"{endless.Given} bytes were read of an answer that may have 1 MiB");
    }

    private static DefaultHttpContext Http()
    {
        var http = new DefaultHttpContext();
        http.Features.Set(new Caller("red", IsAdmin: false));
        return http;
    }

    private sealed class RepeatedStream(string text, long times) : MemoryStream
    {
        private readonly byte[] _text = Encoding.UTF8.GetBytes(text);
        private readonly long _length = times > long.MaxValue / text.Length ? long.MaxValue : times * text.Length;

        public long Given { get; private set; }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var count = (int)Math.Min(buffer.Length, _length - Given);
            for (var index = 0; index < count; index++)
            {
                buffer.Span[index] = _text[(int)((Given + index) % _text.Length)];
            }

            Given += count;
            return ValueTask.FromResult(count);
        }
    }
}
