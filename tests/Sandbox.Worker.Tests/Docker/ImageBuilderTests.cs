using Sandbox.Deployments.Docker;
using Sandbox.Domain.Errors;
using Sandbox.Testing;

namespace Sandbox.Worker.Tests.Docker;

public sealed class ImageBuilderTests : IAsyncLifetime
{
    private readonly TempFolder _context = new();
    private readonly Lines _lines = new();
    private readonly string _tag = $"sandbox-test-build-{Guid.NewGuid():N}:latest";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        if (DockerEngine.WhyMissing is null)
        {
            await DockerTestImage.EnsureAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        _context.Dispose();
        if (DockerEngine.WhyMissing is null)
        {
            await DockerEngine.DeleteAsync($"images/{_tag}?force=1", CancellationToken.None);
        }
    }

    [NeedsDockerFact]
    public async Task Build_OfAContext_MakesTheImageOutOfWhatIsNotIgnored()
    {
        Given("Dockerfile",
            $"FROM {DockerTestImage.Name}\nCOPY . /context\nRUN test ! -e /context/secret && test -f /context/kept/deep/file\nENV "
                + $"MADE=yes\n");
        Given(".dockerignore", "# comment\nsecret\n**/*.log\n!kept/important.log\n");
        Given("secret/key", "k");
        Given("kept/deep/file", "f");
        Given("kept/noise.log", "n");
        Given("kept/important.log", "i");

        var error = await ImageBuilder.BuildAsync("", _context.Path, _tag, _lines, Token);

        Assert.Null(error?.Text);
        var image = await DockerEngine.GetAsync($"images/{_tag}/json", Token);
        Assert.Contains("MADE=yes", image!["Config"]!["Env"]!.AsArray().Select(variable => (string)variable!));
        Assert.Contains(_lines.All, line => line.StartsWith("Step 1/4 : FROM", StringComparison.Ordinal));
    }

    [NeedsDockerFact]
    public async Task Build_WhoseStepFails_SaysWhich()
    {
        Given("Dockerfile", $"FROM {DockerTestImage.Name}\nRUN exit 3\n");

        var error = await ImageBuilder.BuildAsync("", _context.Path, _tag, _lines, Token);

        Assert.Equal("Dockerfile", Assert.IsType<SandboxError.BadSpec>(error).Field);
        Assert.Contains("returned a non-zero code: 3", error.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ghost", "img", "context: ")]
    [InlineData("", "img", "context: ")]
    [InlineData("", "NOT AN IMAGE", "tag: 'NOT AN IMAGE' cannot be the name of a new image")]
    public async Task Build_OfABadRequest_NeverReachesTheEngine(string folder, string tag, string said)
    {
        var error = await ImageBuilder.BuildAsync("unix:///nowhere.sock", Path.Combine(_context.Path, folder), tag, _lines, Token);

        Assert.StartsWith(said, Assert.IsType<SandboxError.BadSpec>(error).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Build_WithoutAnEngine_SaysThatDockerIsNotAvailable()
    {
        Given("Dockerfile", "FROM scratch\n");

        var error = await ImageBuilder.BuildAsync("unix:///nowhere.sock", _context.Path, "img", _lines, Token);

        Assert.IsType<SandboxError.DockerUnavailable>(error);
    }

    private void Given(string name, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_context.File(name))!);
        File.WriteAllText(_context.File(name), text);
    }

    private sealed class Lines : IProgress<string>
    {
        private readonly List<string> _lines = [];

        public IReadOnlyList<string> All
        {
            get
            {
                lock (_lines)
                {
                    return [.. _lines];
                }
            }
        }

        public void Report(string value)
        {
            lock (_lines)
            {
                _lines.Add(value);
            }
        }
    }
}
