using System.Buffers;
using System.Text;
using System.Text.Json;
using Sandbox.Api.Http;

namespace Sandbox.Api.Tests.Http;

public sealed class JsonTextFilterTests
{
    private const string Slash = "\\";

    public static TheoryData<string, string, int> Texts() => new()
    {
        { """{"a":"plain é 😀"}""", """{"a":"plain é 😀"}""", 21 },
        { $"\"{Slash}u0061{Slash}u00e9{Slash}u20AC\"", "\"aé€\"", 8 },
        { $"\"{Slash}ud83d{Slash}uDE00\"", "\"😀\"", 6 },
        { $"\"{Slash}u0000{Slash}u001f{Slash}u0022{Slash}u005c\"", $"\"{Slash}u0000{Slash}u001f{Slash}u0022{Slash}u005c\"", 6 },
        { $"\"{Slash}n{Slash}{Slash}{Slash}\"{Slash}/u0041\"", $"\"{Slash}n{Slash}{Slash}{Slash}\"{Slash}/u0041\"", 11 },
    };

    /// <summary>However it is cut into pieces.</summary>
    [Theory]
    [MemberData(nameof(Texts))]
    public void Json_InPieces_IsWrittenWithTheFewestEscapes(string json, string expected, int content)
    {
        var bytes = Encoding.UTF8.GetBytes(json);
        for (var cut = 0; cut <= bytes.Length; cut++)
        {
            var output = new ArrayBufferWriter<byte>();
            var filter = new JsonTextFilter(output);
            filter.Append(bytes.AsSpan(0, cut));
            filter.Append(bytes.AsSpan(cut));
            filter.End();

            Assert.Equal((cut, expected), (cut, Encoding.UTF8.GetString(output.WrittenSpan)));
            Assert.Equal($"{cut}: {content} in {output.WrittenCount}", $"{cut}: {filter.Content} in {filter.Written}");
        }
    }

    [Theory]
    [InlineData("ud800")]
    [InlineData("udc00")]
    [InlineData("ud800x")]
    [InlineData("ud800\\n")]
    [InlineData("ud800\\ud800")]
    [InlineData("u12g4")]
    [InlineData("u12")]
    public void Json_WithHalfACharacter_IsRefused(string escape) =>
        Assert.Throws<JsonException>(() => Filter(Encoding.UTF8.GetBytes($"\"{Slash}{escape}\"")));

    [Theory]
    [InlineData(0xFF)]
    [InlineData(0xC3)]
    [InlineData(0x80)]
    public void Json_ThatIsNoUtf8_IsRefused(byte wrong) => Assert.Throws<JsonException>(() => Filter([(byte)'"', wrong, (byte)'"']));

    private static void Filter(byte[] json)
    {
        var filter = new JsonTextFilter(output: null);
        filter.Append(json);
        filter.End();
    }
}
