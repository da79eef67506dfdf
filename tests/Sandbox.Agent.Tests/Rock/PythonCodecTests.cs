using Sandbox.Agent.Rock;

namespace Sandbox.Agent.Tests.Rock;

public sealed class PythonCodecTests
{
    [Theory]
    [InlineData(new byte[] { 0x61, 0xe4 }, "latin-1", null, "aä")]
    [InlineData(new byte[] { 0x61, 0xc3, 0xa4 }, null, null, "aä")]
    [InlineData(new byte[] { 0xef, 0xbb, 0xbf, 0x61 }, "utf_8_sig", null, "a")]
    [InlineData(new byte[] { 0xff, 0xfe, 0x61, 0x00 }, "utf-16", null, "a")]
    [InlineData(new byte[] { 0xfe, 0xff, 0x00, 0x61 }, "UTF-16", null, "a")]
    [InlineData(new byte[] { 0x00, 0x61 }, "utf-16-be", null, "a")]
    [InlineData(new byte[] { 0x00, 0x00, 0x00, 0x61 }, "utf-32-be", null, "a")]
    [InlineData(new byte[] { 0x61, 0xe4, 0x62 }, "ascii", "ignore", "ab")]
    [InlineData(new byte[] { 0x61, 0xe4, 0x62 }, "ascii", "replace", "a\uFFFDb")]
    [InlineData(new byte[] { 0x61, 0xe2, 0x82, 0x62 }, "utf8", "backslashreplace", "a\\xe2\\x82b")]
    [InlineData(new byte[] { 0x0d, 0x0a, 0x00 }, "utf-8", "strict", "\r\n\0")]
    public void Decode_AsPython(byte[] bytes, string? encoding, string? errors, string text) =>
        Assert.Equal(text, PythonCodec.Decode(bytes, encoding, errors));

    [Theory]
    [InlineData("klingon", null, "unknown encoding: klingon")]
    [InlineData("utf-8", "shrug", "unknown error handler name 'shrug': strict, ignore, replace or backslashreplace")]
    [InlineData("ascii", "strict", "'ascii' codec can't decode byte 0xe4 in position 1")]
    public void Decode_WhatCannotBe_SaysWhy(string encoding, string? errors, string reason) =>
        Assert.Equal(reason, Assert.Throws<RockFailure>(() => PythonCodec.Decode([0x61, 0xe4, 0x62], encoding, errors)).Message);
}
