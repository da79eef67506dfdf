using Sandbox.Testing;

namespace Sandbox.Serving.Llama.Tests;

public sealed class LlamaProgramTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Model_ThatIsMissing_IsOneLineAndExitCode1() =>
        Assert.Equal(
            "sandbox-llama: error: the model file /nowhere/a.gguf does not exist", await ErrorOfAsync("--model", "/nowhere/a.gguf"));

    [Fact]
    public async Task Model_ThatIsNoGguf_IsOneLineAndExitCode1()
    {
        var file = Path.Combine(_folder.Path, "broken.gguf");
        await File.WriteAllTextAsync(file, "This is no model.");

        var error = await ErrorOfAsync("--model", file);

        Assert.StartsWith($"sandbox-llama: error: the model file {file} cannot be loaded: ", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Model_ThatIsCutOff_IsOneLineAndExitCode1()
    {
        var file = Path.Combine(_folder.Path, "cut.gguf");
        TinyModel.Write(file);
        await using (var stream = File.OpenWrite(file))
        {
            stream.SetLength(stream.Length / 2);
        }

        var error = await ErrorOfAsync("--model", file);

        Assert.StartsWith($"sandbox-llama: error: the model file {file} cannot be loaded: ", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--model FILE.gguf is required")]
    [InlineData("--port is a whole number from 0 to 65535, not '99999'", "--model", "m", "--port", "99999")]
    public async Task Argument_ThatIsWrong_IsOneLineAndExitCode1(string expected, params string[] args) =>
        Assert.Equal($"sandbox-llama: error: {expected}", await ErrorOfAsync(args));

    private static async Task<string> ErrorOfAsync(params string[] args)
    {
        var errors = new StringWriter();

        Assert.Equal(1, await LlamaProgram.RunAsync(args, errors));
        return Assert.Single(errors.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }
}
