using System.Diagnostics;
using Sandbox.Rollout.Approvals;
using Sandbox.Rollout.Checkpoints;
using Sandbox.Testing;

namespace Sandbox.Rollout.Tests.Approvals;

public sealed class ApprovalFileTests : IDisposable
{
    private const string Good = """
        {"checkpoint": "cleanup-existing", "approved_by": "ann", "reason": "planned", "approved_at": "2030-01-01T01:00:00+01:00",
         "acknowledge_risks": true, "destructive_operation": true}
        """;

    private static readonly Checkpoint Cleanup = CheckpointCatalog.Find("cleanup-existing")!;

    private readonly TempFolder _folder = new();

    private string Path => _folder.File("approved");

    public void Dispose() => _folder.Dispose();

    [Fact]
    [Trait("Row", "19")]
    public void File_ThatSaysAllThatIsNeeded_IsTheConsentOfItsOwner()
    {
        Write(Good);

        var file = ApprovalFile.Find(Path, Cleanup)!;

        var at = new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);
        Assert.Equal(new Consent(Environment.UserName, "planned", at) { OnBehalfOf = "ann" }, file.Consent);
        Assert.True(file.AcknowledgesRisks, "the file says that the risks are known");
        Assert.Equal(file.Id, ApprovalFile.Find(Path, Cleanup)!.Id);
        Write(Good + " ");
        Assert.NotEqual(file.Id, ApprovalFile.Find(Path, Cleanup)!.Id);
    }

    [Fact]
    public void File_ThatIsNotThere_IsNoConsentAndNoProblem() => Assert.Null(ApprovalFile.Find(Path, Cleanup));

    [Theory]
    [InlineData("", "it is empty")]
    [InlineData("yes", "it is not a JSON object")]
    [InlineData("[]", "it is not a JSON object")]
    [InlineData("null", "it is not a JSON object")]
    [InlineData("""{"approved_at": "2030-01-01T00:00:00Z", "reason": "x", "sudo": true}""", "and nothing else")]
    [InlineData("""{"approved_at": "2030-01-01T00:00:00Z", "reason": "x", "reason": "y"}""", "it is not a JSON object")]
    [InlineData("""{"approved_at": "2030-01-01T00:00:00Z", "reason": "x", "acknowledge_risks": "yes"}""", "$.acknowledge_risks")]
    [InlineData("""{"approved_at": "2030-01-01T00:00:00Z"}""", "it must have a reason")]
    [InlineData("""{"approved_at": "2030-01-01T00:00:00Z", "reason": " "}""", "it must have a reason")]
    [InlineData("""{"reason": "x"}""", "it must have approved_at")]
    [InlineData("""{"approved_at": "soon", "reason": "x"}""", "$.approved_at")]
    [InlineData("""{"checkpoint": "docker-installation", "approved_at": "2030-01-01T00:00:00Z", "reason": "x"}""", "another checkpoint")]
    [InlineData("""{"destructive_operation": false, "approved_at": "2030-01-01T00:00:00Z", "reason": "x"}""", "is not true")]
    public void File_ThatLacksSomethingOrSaysMore_IsRefusedForThat(string content, string problem)
    {
        Write(content);

        Assert.Contains(problem, Refused(), StringComparison.Ordinal);
    }

    [Fact]
    public void File_ThatIsTooLong_IsRefusedForThat()
    {
        Write(Good + new string(' ', ApprovalFile.LongestFile));

        Assert.Contains("it is longer than", Refused(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(UnixFileMode.GroupWrite)]
    [InlineData(UnixFileMode.OtherWrite)]
    public void File_ThatOthersMayWrite_IsRefusedForThat(UnixFileMode others)
    {
        Write(Good);
        File.SetUnixFileMode(Path, UnixFileMode.UserRead | UnixFileMode.UserWrite | others);

        Assert.Contains("others may write it", Refused(), StringComparison.Ordinal);
    }

    [Fact]
    public void Link_InThePlaceOfAFile_IsRefusedForThat()
    {
        Write(Good);
        var real = _folder.File("real");
        File.Move(Path, real);
        File.CreateSymbolicLink(Path, real);
        Assert.Contains("it is a link", Refused(), StringComparison.Ordinal);

        File.Delete(Path);
        Run("ln", real, Path);
        Assert.Contains("hard links", Refused(), StringComparison.Ordinal);

        File.Delete(Path);
        Run("mkfifo", Path);
        Assert.Contains("it is no regular file", Refused(), StringComparison.Ordinal);
    }

    [NeedsRootFact]
    public void File_OfAnotherUser_IsRefusedForThat()
    {
        Write(Good);
        Run("chown", "65534", Path);

        Assert.Contains("it belongs to user 65534", Refused(), StringComparison.Ordinal);
    }

    private string Refused() => Assert.Throws<ApprovalFileException>(() => ApprovalFile.Find(Path, Cleanup)).Message;

    private void Write(string content)
    {
        File.WriteAllText(Path, content);
        File.SetUnixFileMode(Path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    private static void Run(string program, params string[] arguments)
    {
        using var process = Process.Start(program, arguments);
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{program} was to prepare the test and ended with {process.ExitCode}");
    }
}
