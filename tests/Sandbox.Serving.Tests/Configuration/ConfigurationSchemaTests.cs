using Sandbox.Serving.Configuration;

namespace Sandbox.Serving.Tests.Configuration;

public sealed class ConfigurationSchemaTests
{
    private static readonly ConfigurationSchema Schema = new(
        "test",
        [
            ConfigurationKey.Text("model", ""),
            ConfigurationKey.Text("download_dir", ""),
            ConfigurationKey.WholeNumber("tensor_parallel_size", "", 1, 8, 1),
            ConfigurationKey.Fraction("gpu_memory_utilization", "", "0.9"),
            ConfigurationKey.Flag("use_cpu", ""),
            ConfigurationKey.Choice("dtype", "", "auto", "auto", "half"),
            ConfigurationKey.Secret("hf_token", ""),
        ]);

    [Theory]
    [InlineData("tensor_paralel_size", "'tensor_paralel_size' is not a key of test; did you mean 'tensor_parallel_size'?")]
    [InlineData("tensor-parallel-size", "'tensor-parallel-size' is not a key of test; did you mean 'tensor_parallel_size'?")]
    [InlineData("dytpe", "'dytpe' is not a key of test; did you mean 'dtype'?")]
    [InlineData("USE_CPU", "'USE_CPU' is not a key of test; did you mean 'use_cpu'?")]
    [InlineData("hf_tokn", "'hf_tokn' is not a key of test; did you mean 'hf_token'?")]
    [InlineData("something_else_entirely", "'something_else_entirely' is not a key of test")]
    public void Key_Misspelt_IsNamedWithTheNearestOne(string key, string expected) =>
        Assert.Equal(expected, Schema.Validate(new([new(key, "value-of-it")])).Message);

    [Theory]
    [InlineData("tensor_parallel_size", "1")]
    [InlineData("tensor_parallel_size", "8")]
    [InlineData("gpu_memory_utilization", "1")]
    [InlineData("gpu_memory_utilization", "0.01")]
    [InlineData("use_cpu", "True")]
    [InlineData("dtype", "half")]
    [InlineData("model", "org/model")]
    [InlineData("hf_token", "-begins-with-a-hyphen")]
    public void Value_OfItsKind_IsTaken(string key, string value) =>
        Assert.Equal("", Schema.Validate(new([new(key, value)])).Message);

    [Theory]
    [InlineData("tensor_parallel_size", "0", "tensor_parallel_size must be a whole number from 1 to 8, not '0'")]
    [InlineData("tensor_parallel_size", "9", "tensor_parallel_size must be a whole number from 1 to 8, not '9'")]
    [InlineData("tensor_parallel_size", "2.5", "tensor_parallel_size must be a whole number from 1 to 8, not '2.5'")]
    [InlineData("tensor_parallel_size", "two", "tensor_parallel_size must be a whole number from 1 to 8, not 'two'")]
    [InlineData("gpu_memory_utilization", "0", "gpu_memory_utilization must be a number above 0, at most 1, not '0'")]
    [InlineData("gpu_memory_utilization", "1.01", "gpu_memory_utilization must be a number above 0, at most 1, not '1.01'")]
    [InlineData("gpu_memory_utilization", "NaN", "gpu_memory_utilization must be a number above 0, at most 1, not 'NaN'")]
    [InlineData("use_cpu", "yes", "use_cpu must be true or false, not 'yes'")]
    [InlineData("dtype", "int8", "dtype must be one of auto, half, not 'int8'")]
    [InlineData("model", "", "model must have 1 to 4096 characters")]
    [InlineData("model", "--trust-remote-code", "model must not begin with '-'")]
    [InlineData("download_dir", "a\nb", "download_dir must not contain control characters")]
    [InlineData("hf_token", "a\nb", "hf_token must not contain control characters")]
    public void Value_OfAnotherKind_IsRefusedWithWhatIsTaken(string key, string value, string expected) =>
        Assert.Equal(expected, Schema.Validate(new([new(key, value)])).Message);

    [Fact]
    public void Errors_AllOfThem_AreSaid() => Assert.Equal(
        [
            "'modle' is not a key of test; did you mean 'model'?",
            "tensor_parallel_size must be a whole number from 1 to 8, not '0'",
            "use_cpu must be true or false, not 'maybe'",
        ],
        Schema.Validate(new([new("modle", "m"), new("tensor_parallel_size", "0"), new("use_cpu", "maybe")])).Errors);

    [Fact]
    public void Errors_AboutASecretOrAnUnknownKey_DoNotShowTheValue()
    {
        var message = Schema.Validate(new([new("hf_token", "hf_secret\n"), new("hf_tokn", "hf_secret")])).Message;

        Assert.NotEmpty(message);
        Assert.DoesNotContain("hf_secret", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Value_OfAnyLength_IsShownShortened() =>
        Assert.True(Schema.Validate(new([new("use_cpu", new string('x', 100_000))])).Message.Length < 200, "a long value is shown whole");
}
