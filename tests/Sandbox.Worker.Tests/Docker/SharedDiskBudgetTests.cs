using Sandbox.Deployments.Tools;
using Sandbox.Node.Deployments;
using Sandbox.Testing;
using Sandbox.Worker.Tests.Tools;

namespace Sandbox.Worker.Tests.Docker;

/// <summary>Starts with a disk limit where the file system has project quota, which this machine's kernel has not. What the
/// programs answer is as xfsprogs 6.1 and util-linux 2.38 put it.</summary>
public sealed class SharedDiskBudgetTests : IAsyncDisposable
{
    private const long Disk = 10L << 30;
    private const int Project = 16_777_217;

    private readonly TempFolder _folder = new();
    private readonly RecordedTools _tools = new();
    private readonly QuotaEngine _quota;

    public SharedDiskBudgetTests()
    {
        _quota = new QuotaEngine(_folder.Path, _tools);
        _tools.Record(AskProject(), $"projid = {Project}\n")
            .Record(AskMount(_quota.Changes), $"{_folder.Path}\n")
            .Record(AskMount(_quota.ContainerFolder), $"{_folder.Path}\n")
            .Record(SetProject(_quota.LogFile), Done(_quota.LogFile));
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        await _quota.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Start_WithADiskLimit_PutsTheLogIntoTheContainersProjectBeforeItRuns()
    {
        bool? ranAlready = null;
        _tools.Record(SetProject(_quota.LogFile), async (output, token) =>
        {
            ranAlready = _quota.HasStarted;
            await output.WriteAsync(System.Text.Encoding.UTF8.GetBytes(Done(_quota.LogFile)), token);
            return new ToolOutcome("xfs_quota", 0, "");
        });

        var started = await _quota.StartAsync(Disk, Token);

        Assert.Equal(new StartedSandbox(Disk, Disk, "none"), started);
        Assert.False(ranAlready, "the log was to join between create and start");
        Assert.True(_quota.HasStarted, "the container was to be started");
        _tools.AssertEachWasAskedOnce();
        Assert.Empty(_quota.Told);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead, File.GetUnixFileMode(_quota.LogFile));
    }

    [Fact]
    public async Task Start_OfAnImageWithVolumes_PutsThemIntoTheSameProject()
    {
        string[] volumes =
            [Path.Combine(_quota.DataFolder, "volumes", "a", "_data"), Path.Combine(_quota.DataFolder, "volumes", "b", "_data")];
        _quota.Volumes.AddRange(volumes);
        var tools = new RecordedTools();
        await using var quota = new QuotaEngine(_folder.Path, tools);
        quota.Volumes.AddRange(volumes);
        tools.Record(AskProject(), $"projid = {Project}\n")
            .Record(SetProject([quota.LogFile, .. volumes]), Done([quota.LogFile, .. volumes]));
        foreach (var folder in (string[])[quota.Changes, quota.ContainerFolder, .. volumes])
        {
            tools.Record(AskMount(folder), $"{_folder.Path}\n");
        }

        var started = await quota.StartAsync(Disk, Token);

        Assert.Equal(Disk, started.EffectiveLogBytes);
        tools.AssertEachWasAskedOnce();
    }

    [Fact]
    public async Task Start_WhereTheFileSystemIsTheRoot_TakesThat()
    {
        string[] set = [.. SetProject(_quota.LogFile)[..^1], "/"];
        _tools.Record(AskMount(_quota.Changes), "/\n").Record(AskMount(_quota.ContainerFolder), "/\n").Record(set, Done(_quota.LogFile));

        Assert.Equal(Disk, (await _quota.StartAsync(Disk, Token)).EffectiveLogBytes);
        Assert.True(_tools.WasAsked(set), "the project was to be set on the root file system");
    }

    [Theory]
    [InlineData("xfs", null)]
    [InlineData("extfs", Disk)]
    public async Task Start_WithoutADiskLimitInEffect_AsksNobodyAnythingMore(string fileSystem, long? disk)
    {
        _quota.FileSystem = fileSystem;

        var started = await _quota.StartAsync(disk, Token);

        Assert.Equal(new StartedSandbox(EffectiveDiskBytes: null, EffectiveLogBytes: null, "none"), started);
        _tools.AssertNothingWasAsked();
        var calls = _quota.Engine.Calls.Select(call => call.Verb).ToList();
        Assert.Equal(["GET info", "GET version"], calls.Take(2).Order());
        Assert.Equal(3, calls.Count - 2);
        Assert.StartsWith("GET images/", calls[2], StringComparison.Ordinal);
        Assert.Equal("POST containers/create", calls[3]);
        Assert.EndsWith("/start", calls[4], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", 0, "the engine gave {changes} no project")]
    [InlineData("projid = 0\n", 0, "the engine gave {changes} no project")]
    [InlineData("projid = 99999999999\n", 0, "the engine gave {changes} no project")]
    [InlineData("projid = 4294967296\n", 0, "the engine gave {changes} no project")]
    [InlineData("projid = -1\n", 0, "the engine gave {changes} no project")]
    [InlineData("projid = 7; limit -p bhard=1\n", 0, "the engine gave {changes} no project")]
    [InlineData("no idea", 0, "the engine gave {changes} no project")]
    [InlineData("", 1, "xfs_io ended with 1: FS_IOC_FSGETXATTR: Inappropriate ioctl for device")]
    [InlineData("", null, "xfs_io cannot be run: No such file or directory")]
    public async Task Start_WithoutAProjectOfTheContainer_GoesOnAndSaysWhy(string printed, int? exitCode, string reason)
    {
        var complaint = exitCode is null ? "No such file or directory" : "FS_IOC_FSGETXATTR: Inappropriate ioctl for device";
        _tools.Record(AskProject(), printed, exitCode, exitCode is 0 ? "" : complaint);

        await StartsWithoutAsync(reason);
    }

    [Theory]
    [InlineData("/var/lib\n", 0, "{container} is not on {mount}, where the container's own files are")]
    [InlineData("/a mount\n", 0, "'/a mount' is no path that can be used here")]
    [InlineData("/a\n/b\n", 0, "'/a\n/b' is no path that can be used here")]
    [InlineData("", 0, "'' is no path that can be used here")]
    [InlineData("", 1, "findmnt ended with 1: ")]
    public async Task Start_WhereTheLogIsNotOnTheSameFileSystem_GoesOnAndSaysWhy(string printed, int exitCode, string reason)
    {
        _tools.Record(AskMount(_quota.ContainerFolder), printed, exitCode);

        await StartsWithoutAsync(reason);
    }

    [Theory]
    [InlineData(
        "", 0, "xfs_quota: cannot setup path for mount /m: No such device or address",
        "xfs_quota did nothing: xfs_quota: cannot setup path for mount /m: No such device or address")]
    [InlineData("Processed 0 (/etc/projects and cmdline) paths for project 1", 0, "", "xfs_quota did nothing: ")]
    [InlineData(
        "Setting up project 1 (path /x)...\nProcessed 1 (/etc/projects and cmdline) paths", 1,
        "xfs_quota: cannot set project on /x: Operation not permitted",
        "xfs_quota ended with 1: xfs_quota: cannot set project on /x: Operation not permitted")]
    [InlineData("", null, "No such file or directory", "xfs_quota cannot be run: No such file or directory")]
    public async Task Start_WhereTheProjectCannotBeSet_GoesOnAndSaysWhy(string printed, int? exitCode, string complaint, string reason)
    {
        _tools.Record(SetProject(_quota.LogFile), printed, exitCode, complaint);

        await StartsWithoutAsync(reason);
    }

    [Fact]
    public async Task Start_WhereAToolIsMissing_IsToldAndTriedOnce()
    {
        _tools.Record(AskProject(), exitCode: null, complaint: "No such file or directory");
        await StartsWithoutAsync("xfs_io cannot be run: No such file or directory");
        var calls = _quota.Engine.Calls.Count;

        await StartsWithoutAsync("xfs_io cannot be run: No such file or directory");

        Assert.Equal(calls + 3, _quota.Engine.Calls.Count);
        Assert.Single(_tools.Asked, command => command.StartsWith("'xfs_io'", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Start_AfterOneWhoseLogCouldNotJoin_TriesAgain()
    {
        _tools.Record(AskProject(), exitCode: 1, complaint: "busy");
        await StartsWithoutAsync("xfs_io ended with 1: busy");
        _tools.Record(AskProject(), $"projid = {Project}\n");

        Assert.Equal(Disk, (await _quota.StartAsync(Disk, Token)).EffectiveLogBytes);
    }

    [Fact]
    public async Task Start_WithAToolThatDoesNotEnd_GoesOnWhenItsTimeIsOver()
    {
        _tools.Record(AskProject(), async (_, token) =>
        {
            // Nothing else waits for the clock.
            _quota.Clock.Advance(ToolQuestion.Within);
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, token);
            throw new InvalidOperationException("it was to be ended");
        });

        await StartsWithoutAsync("xfs_io did not end within 5 s");
    }

    [Theory]
    [InlineData("/var/lib/other/diff", "/var/lib/other/diff is not below {data}, the engine's data folder")]
    [InlineData("{data}/overlay2/../../../etc", "'{data}/overlay2/../../../etc' is no path that can be used here")]
    [InlineData("{data}/overlay2/a b/diff", "'{data}/overlay2/a b/diff' is no path that can be used here")]
    [InlineData("{data}/overlay2/a\n/diff", "'{data}/overlay2/a\n/diff' is no path that can be used here")]
    [InlineData("-r", "'-r' is no path that can be used here")]
    public async Task Start_WithAnOddPathFromTheEngine_RunsNothing(string changes, string reason)
    {
        _quota.Changes = Filled(changes);

        await StartsWithoutAsync(reason);

        _tools.AssertNothingWasAsked();
    }

    [Fact]
    public async Task Start_WithAVolumeElsewhere_RunsNothing()
    {
        _quota.Volumes.Add("/");

        await StartsWithoutAsync("'/' is no path that can be used here");

        _tools.AssertNothingWasAsked();
    }

    [Fact]
    public async Task Start_WhereTheEngineKeepsFilesOtherwise_RunsNothing()
    {
        _quota.Driver = "overlayfs";

        await StartsWithoutAsync("'' is no path that can be used here");

        _tools.AssertNothingWasAsked();
    }

    [Fact]
    public async Task Start_WhoseContainerIsGone_LeavesTheWordToTheStart()
    {
        _quota.HasLostIt = true;

        await StartsWithoutAsync("the container is gone");
    }

    private async Task StartsWithoutAsync(string reason)
    {
        var started = await _quota.StartAsync(Disk, Token);

        Assert.Equal(new StartedSandbox(Disk, EffectiveLogBytes: null, "none"), started);
        Assert.True(_quota.HasStarted, "whatever is wrong with the quota, the container was to be started");
        var told = Assert.Single(_quota.Told);
        Assert.EndsWith($" does not count against its disk limit: {Filled(reason)}", told, StringComparison.Ordinal);
    }

    private string Filled(string text) => text
        .Replace("{changes}", _quota.Changes, StringComparison.Ordinal)
        .Replace("{container}", _quota.ContainerFolder, StringComparison.Ordinal)
        .Replace("{mount}", _folder.Path, StringComparison.Ordinal)
        .Replace("{data}", _quota.DataFolder, StringComparison.Ordinal);

    private string[] AskProject() => ["xfs_io", "-r", "-c", "lsproj", _quota.Changes];

    private static string[] AskMount(string folder) => ["findmnt", "--noheadings", "--output", "TARGET", "--target", folder];

    private string[] SetProject(params string[] members) =>
        ["xfs_quota", "-x", "-c", $"project -s {string.Join(' ', members.Select(member => $"-p {member}"))} {Project}", _folder.Path];

    private static string Done(params string[] members) =>
        string.Concat(members.Select(member => $"Setting up project {Project} (path {member})...\n"))
        + $"Processed {members.Length} (/etc/projects and cmdline) paths for project {Project} with recursion depth infinite (-1).\n";
}
