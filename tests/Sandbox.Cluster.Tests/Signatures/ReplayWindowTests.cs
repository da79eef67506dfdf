using Microsoft.Extensions.Time.Testing;
using Sandbox.Cluster.Signatures;

namespace Sandbox.Cluster.Tests.Signatures;

public sealed class ReplayWindowTests
{
    private const ulong Sender = 7;

    private readonly FakeTimeProvider _time = new();
    private readonly ReplayWindow _window;

    public ReplayWindowTests() => _window = new ReplayWindow(_time);

    [Fact]
    public void Numbers_ThatComeOutOfOrder_AreEachAcceptedOnce()
    {
        ulong[] arrived = [5, 1, 3, 2, 1000, 4, ReplayWindow.Width, ReplayWindow.Width + 900];

        Assert.All(arrived, number => Assert.True(_window.TryAccept(Sender, number), $"{number} comes for the first time"));
        Assert.All(arrived, number => Assert.False(_window.TryAccept(Sender, number), $"{number} has come before"));
    }

    [Fact]
    public void Number_ThatIsFarBehind_CountsAsSeen()
    {
        Assert.True(_window.TryAccept(Sender, 10 + ReplayWindow.Width), "the first one");

        Assert.False(_window.TryAccept(Sender, 10), "of numbers so far behind it is not known whether they came");
        Assert.True(_window.TryAccept(Sender, 11), "of the last ones it is known");
    }

    [Fact]
    public void Numbers_ThatSkipTheWholeWindow_LeaveNothingOfTheOldOnes()
    {
        Assert.True(_window.TryAccept(Sender, 1), "the first one");
        Assert.True(_window.TryAccept(Sender, 5 * ReplayWindow.Width), "far ahead");

        // The same place in the window as 1.
        Assert.True(_window.TryAccept(Sender, (4 * ReplayWindow.Width) + 1), "another number in the place of an old one");
    }

    [Fact]
    public void Senders_DoNotShareTheirNumbers()
    {
        Assert.True(_window.TryAccept(1, 5), "of one sender");
        Assert.True(_window.TryAccept(2, 5), "of another one");
    }

    [Fact]
    public void Sender_ThatIsSilentForLongerThanASignatureIsGood_IsForgotten()
    {
        for (ulong sender = 0; sender < 100; sender++)
        {
            _window.TryAccept(sender, 1);
        }

        _time.Advance((RequestSignature.Window * 2) + TimeSpan.FromSeconds(1));
        _window.TryAccept(1000, 1);

        Assert.Equal(1, _window.Senders);
    }
}
