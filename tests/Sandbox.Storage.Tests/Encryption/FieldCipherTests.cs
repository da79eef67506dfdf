using System.Text;
using Sandbox.Storage.Encryption;

namespace Sandbox.Storage.Tests.Encryption;

public sealed class FieldCipherTests
{
    private static readonly FieldCipher Cipher = Under("one");

    [Theory]
    [InlineData("")]
    [InlineData("hunter2")]
    [InlineData("naïve \n☃ and more than a block of sixteen bytes")]
    public void Text_ThatWasEncrypted_IsDecryptedForItsRowAndPurposeOnly(string text)
    {
        var encrypted = Cipher.Encrypt("password", "red", text);

        Assert.True(FieldCipher.IsEncrypted(encrypted), encrypted);
        Assert.Equal(text, Cipher.TryDecrypt("password", "red", encrypted));
        Assert.Null(Cipher.TryDecrypt("password", "blue", encrypted));
        Assert.Null(Cipher.TryDecrypt("environment", "red", encrypted));
        Assert.Null(Under("two").TryDecrypt("password", "red", encrypted));
    }

    [Fact]
    public void Text_EncryptedTwice_LooksDifferent() =>
        Assert.NotEqual(Cipher.Encrypt("p", "r", "hunter2"), Cipher.Encrypt("p", "r", "hunter2"));

    [Fact]
    public void Text_UnderAFormerSecret_IsDecryptedAndNotMadeAnyMore()
    {
        var old = Cipher.Encrypt("p", "r", "hunter2");
        var rotated = Under("two", "one");

        Assert.Equal("hunter2", rotated.TryDecrypt("p", "r", old));
        Assert.Null(Cipher.TryDecrypt("p", "r", rotated.Encrypt("p", "r", "hunter2")));
    }

    [Fact]
    public void Text_WithAnyByteChanged_IsNotDecrypted()
    {
        var encrypted = Cipher.Encrypt("p", "r", "hunter2");
        var begin = encrypted.LastIndexOf(':') + 1;
        var box = Convert.FromBase64String(encrypted[begin..]);
        for (var i = 0; i < box.Length; i++)
        {
            box[i] ^= 1;
            Assert.Null(Cipher.TryDecrypt("p", "r", encrypted[..begin] + Convert.ToBase64String(box)));
            box[i] ^= 1;
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("hunter2")]
    [InlineData("enc1:")]
    [InlineData("enc1:0123456:AAAA")]
    [InlineData("enc1:01234567:")]
    [InlineData("enc1:0123456g:AAAA")]
    [InlineData("enc2:01234567:AAAA")]
    public void Text_ThatIsNone_IsNotTakenForOne(string text)
    {
        Assert.False(FieldCipher.IsEncrypted(text), text);
        Assert.Null(Cipher.TryDecrypt("p", "r", text));
    }

    [Theory]
    [InlineData("enc1:01234567:AAAA")]
    [InlineData("enc1:01234567:not base64")]
    public void Text_ThatIsDamaged_IsNotDecrypted(string text) => Assert.Null(Cipher.TryDecrypt("p", "r", text));

    private static FieldCipher Under(params IReadOnlyList<string> secrets) => new([.. secrets.Select(Encoding.UTF8.GetBytes)]);
}
