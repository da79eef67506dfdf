using Sandbox.Contracts.Agent;

namespace Sandbox.Worker.Tests.Agents;

public sealed class AgentSpanTests
{
    private const string Trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    private const string Span = "00f067aa0ba902b7";

    [Theory]
    [InlineData($"00-{Trace}-{Span}-01")]
    [InlineData($"00-{Trace}-{Span}-03")]
    [InlineData($"01-{Trace}-{Span}-01-later")]
    public void TraceOf_ASampledParent_IsItsTrace(string parent) => Assert.Equal(Trace, AgentSpan.TraceOf(parent));

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData($"00-{Trace}-{Span}-00")]
    [InlineData($"00-{Trace}-{Span}-0")]
    [InlineData($"00-{Trace}-{Span}-01-more")]
    [InlineData($"ff-{Trace}-{Span}-01")]
    [InlineData($"00-00000000000000000000000000000000-{Span}-01")]
    [InlineData($"00-{Trace}-0000000000000000-01")]
    [InlineData($"00-4BF92F3577B34DA6A3CE929D0E0E4736-{Span}-01")]
    [InlineData($"00 {Trace} {Span} 01")]
    public void TraceOf_AnUnsampledOrMalformedParent_IsNone(string? parent) => Assert.Null(AgentSpan.TraceOf(parent));

    [Fact]
    public void TryParse_WhatAnAgentWrites_IsReadBack()
    {
        var written = new AgentSpan(Trace, 1234);

        Assert.True(AgentSpan.TryParse(written.ToString(), out var read));
        Assert.Equal(written, read);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData(Trace)]
    [InlineData($"{Trace} ")]
    [InlineData($"{Trace} -1")]
    [InlineData($"{Trace} 1.5")]
    [InlineData($"{Trace} 999999999999999999")]
    [InlineData($"{Trace} 99999999999999999999999999")]
    [InlineData($"{Trace},1")]
    [InlineData("00000000000000000000000000000000 1")]
    public void TryParse_WhatAHostileAgentMightWrite_IsRefused(string? text) => Assert.False(AgentSpan.TryParse(text, out _));
}
