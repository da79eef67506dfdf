using Sandbox.Agent.Sessions;
using Sandbox.Contracts.Rock;
using Sandbox.Testing;

namespace Sandbox.Agent.Tests.Sessions;

public sealed class SessionTableTests(SessionFixture sessions) : IClassFixture<SessionFixture>
{
    [Fact]
    public async Task Create_SameNameTwice_IsRefusedAndTheFirstStays()
    {
        using var session = await sessions.OpenAsync("bash");
        await session.RunAsync("a=kept");

        var failure = await Assert.ThrowsAsync<SessionFailure>(
            () => session.Table.CreateAsync(new CreateSessionRequest { Session = session.Name }));

        Assert.Equal((SessionFailureKind.Exists, $"session '{session.Name}' already exists"), (failure.Kind, failure.Message));
        Assert.Equal("kept", (await session.RunAsync("echo $a")).Output);
    }

    [Fact]
    public void GetAndClose_UnknownName_SaySo()
    {
        Assert.Equal("session 'nobody' does not exist", Assert.Throws<SessionFailure>(() => sessions["bash"].Get("nobody")).Message);
        Assert.Equal(SessionFailureKind.Unknown, Assert.Throws<SessionFailure>(() => sessions["bash"].Close("nobody")).Kind);
    }

    [Fact]
    public async Task Create_Environment_IsOnlyWhatWasAskedForUnlessEnabled()
    {
        using var bare = await sessions.OpenAsync("bash", new() { Env = new Dictionary<string, string> { ["GIVEN"] = "it's" } });
        using var full = await sessions.OpenAsync("bash", new() { EnvEnable = true });

        Assert.Equal("it's ", (await bare.RunAsync("echo \"$GIVEN $DOTNET_TEST_MARK\"")).Output + " ");
        Assert.DoesNotContain("PROMPT_COMMAND", (await bare.RunAsync("env")).Output, StringComparison.Ordinal);
        Assert.Contains("PATH=", (await full.RunAsync("env")).Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("bash")]
    [InlineData("busybox")]
    public async Task Create_StartupSource_IsReadAndItsWordsAreTheOutput(string shell)
    {
        using var folder = new TempFolder();
        await File.WriteAllTextAsync(folder.File("rc"), "echo from rc\nSOURCED=yes\n");

        using var session = await sessions.OpenAsync(shell, new() { StartupSource = [folder.File("rc"), "/no/such/file"] });

        Assert.Contains("from rc\r\n", session.Said, StringComparison.Ordinal);
        Assert.Contains("/no/such/file", session.Said, StringComparison.Ordinal);
        Assert.Equal("yes", (await session.RunAsync("echo $SOURCED")).Output);
    }

    [Fact]
    public async Task Create_NothingToSay_HasNoOutput()
    {
        using var session = await sessions.OpenAsync("bash", new() { Env = new Dictionary<string, string> { ["HOME"] = "/nonexistent" } });

        Assert.Equal("", session.Said);
    }

    [Fact]
    public async Task Create_AsAnotherUser_IsThatUser()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "becoming another user needs root");
        using var session = await sessions.OpenAsync("bash", new() { RemoteUser = "nobody" });

        Assert.Equal("nobody", (await session.RunAsync("id -un")).Output);
        await Assert.ThrowsAsync<SessionFailure>(() => session.RunAsync("sleep 1000", timeout: 0.2));
        Assert.Equal("nobody", (await session.RunAsync("echo $USER")).Output);
    }

    [Fact]
    public async Task Create_AsNobodyKnown_IsRefusedAndTheNameIsFree()
    {
        var failure = await Assert.ThrowsAsync<SessionFailure>(
            () => sessions["bash"].CreateAsync(new CreateSessionRequest { Session = "u", RemoteUser = "no-such-user" }));

        Assert.Equal("user 'no-such-user' does not exist in the sandbox", failure.Message);
        Assert.Throws<SessionFailure>(() => sessions["bash"].Get("u"));
    }
}
