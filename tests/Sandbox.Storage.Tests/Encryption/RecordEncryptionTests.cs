using Sandbox.Contracts.Jobs;
using Sandbox.Storage.Tests.Contract;

namespace Sandbox.Storage.Tests.Encryption;

public sealed class RecordEncryptionTests
{
    [Fact]
    public void Environment_UnderALostSecret_StaysEncryptedAndIsMarked()
    {
        var encrypted = Given.EncryptionUnder("lost").Encrypt(Given.Pending());

        var read = Given.Encryption.Decrypt(encrypted);

        Assert.True(read.Spec.HasEncryptedEnv, "a start is refused by this mark, rather than to go on without the variables");
        Assert.Equal(encrypted.Spec.Env, read.Spec.Env);
    }

    [Fact]
    public void Password_UnderALostSecret_IsGoneAndTheStartSaysSo()
    {
        var encrypted = Given.EncryptionUnder("lost").Encrypt(Given.StartOf(Given.Pending(), "hunter2"));

        var read = Assert.IsType<StartSandboxJob>(Given.Encryption.Decrypt(encrypted));

        Assert.Equal((null, true), (read.RegistryPassword, read.PasswordDropped));
    }

    [Fact]
    public void Record_WithoutVariables_IsLeftAsItIs()
    {
        var first = Given.Pending();
        var bare = first with { Spec = first.Spec with { Env = new Dictionary<string, string>() } };

        Assert.Same(bare, Given.Encryption.Encrypt(bare));
        Assert.Same(bare, Given.Encryption.Decrypt(bare));
    }
}
