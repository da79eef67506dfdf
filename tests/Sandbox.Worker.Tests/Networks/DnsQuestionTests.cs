using System.Net;
using System.Text;
using Sandbox.Deployments.Networks;

namespace Sandbox.Worker.Tests.Networks;

/// <summary>Questions for names as sandboxes send them, and what they get back.</summary>
public sealed class DnsQuestionTests
{
    [Fact]
    public void Question_OfAClient_IsRead()
    {
        var question = DnsQuestion.TryRead(Datagram("Pypi.Org"));

        Assert.NotNull(question);
        Assert.Equal((0xABCD, "pypi.org", (int)DnsQuestion.TypeA), (question.Id, question.Name, question.Type));
    }

    [Fact]
    public void Question_WithMoreBehindIt_IsRead() =>
        Assert.Equal("pypi.org", DnsQuestion.TryRead([.. Datagram("pypi.org"), 0, 0, 41, 5, 0, 0, 0, 0, 0, 0, 0])?.Name);

    /// <summary>What comes from a sandbox may be anything, and no part of it is to be read past its end.</summary>
    [Fact]
    public void Question_ThatIsCutOffAnywhere_IsNone()
    {
        var whole = Datagram("pypi.org");

        Assert.All(Enumerable.Range(0, whole.Length), length => Assert.Null(DnsQuestion.TryRead(whole.AsSpan(0, length))));
    }

    [Theory]
    [InlineData(2, 0x81)]
    [InlineData(2, 0x28)]
    [InlineData(5, 2)]
    [InlineData(5, 0)]
    [InlineData(12, 0xC0)]
    [InlineData(12, 0)]
    [InlineData(12, 63)]
    [InlineData(25, 3)]
    public void Question_ThatIsSomethingElse_IsNone(int at, byte value)
    {
        var datagram = Datagram("pypi.org");
        datagram[at] = value;

        Assert.Null(DnsQuestion.TryRead(datagram));
    }

    [Fact]
    public void Question_WithALongerNameThanThereAre_IsNone() =>
        Assert.Null(DnsQuestion.TryRead(Datagram(string.Join('.', Enumerable.Repeat("abcdefghijklmnop", 16)))));

    [Fact]
    public void Answer_HasTheQuestionAndItsAddresses()
    {
        var question = DnsQuestion.TryRead(Datagram("pypi.org"))!;

        var answer = question.Answer(DnsStatus.Answered, [IPAddress.Parse("198.51.100.1")], TimeSpan.FromSeconds(300));

        Assert.Equal([0xAB, 0xCD, 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0], answer[..12]);
        Assert.Equal(Datagram("pypi.org")[12..], answer[12..26]);
        Assert.Equal([0xC0, 12, 0, 1, 0, 1, 0, 0, 1, 44, 0, 4, 198, 51, 100, 1], answer[26..]);
        Assert.Equal(0x83, question.Answer(DnsStatus.NoSuchName, [], TimeSpan.Zero)[3]);
    }

    private static byte[] Datagram(string name) =>
    [
        0xAB, 0xCD, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0,
        .. name.Split('.').SelectMany(label => (byte[])[(byte)label.Length, .. Encoding.ASCII.GetBytes(label)]),
        0, 0, 1, 0, 1,
    ];
}
