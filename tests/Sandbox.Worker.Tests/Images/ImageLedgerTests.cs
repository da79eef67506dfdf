using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using Sandbox.Deployments.Images;
using Sandbox.Node;
using Sandbox.Testing;

namespace Sandbox.Worker.Tests.Images;

public sealed class ImageLedgerTests : IDisposable
{
    private const string Image = "sha256:1";

    private readonly TempFolder _folder = new();
    private readonly FakeTimeProvider _clock = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Grant_IsOfItsTenantItsImageAndItsCredentials_AndOutlivesTheProcess()
    {
        var ledger = Open();
        ledger.Grant(Image, "red", ledger.Fingerprint("u", "right"), wasAbsent: true);

        var next = Open();

        Assert.True(next.IsGranted(Image, "red", next.Fingerprint("u", "right")), "what was granted was to be kept");
        Assert.False(next.IsGranted(Image, "blue", next.Fingerprint("u", "right")), "another tenant was not granted it");
        Assert.False(next.IsGranted(Image, "red", next.Fingerprint("u", "wrong")), "other credentials were not granted it");
        Assert.False(next.IsGranted(Image, "red", next.Fingerprint(null, null)), "it was not granted without credentials");
        Assert.False(next.IsGranted("sha256:2", "red", next.Fingerprint("u", "right")), "another image was not granted");
    }

    [Fact]
    public void File_HasNoPassword_AndIsItsOwnersAlone()
    {
        var ledger = Open();
        ledger.Grant(Image, "red", ledger.Fingerprint("somebody", "registry-secret"), wasAbsent: true);

        Assert.DoesNotContain("registry-secret", File.ReadAllText(_folder.File("images.json")), StringComparison.Ordinal);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(_folder.File("images.json")));
    }

    [Fact]
    public void File_ThatCannotBeRead_GrantsNothing()
    {
        File.WriteAllText(_folder.File("images.json"), """{"Key":"AAAA","Images":{"sha256:1":""");

        Assert.False(Open().IsGranted(Image, "red", ""), "half a file was to be no file");
    }

    [Fact]
    public void IsOnlyOf_TheTenantThatBroughtIt_EndsWithTheNextOnesGrant()
    {
        var ledger = Open();
        ledger.Grant(Image, "red", "", wasAbsent: true);
        Assert.Equal((true, false), (ledger.IsOnlyOf(Image, "red"), ledger.IsOnlyOf(Image, "blue")));

        ledger.Grant(Image, "blue", "", wasAbsent: false);

        Assert.Equal((false, false), (ledger.IsOnlyOf(Image, "red"), ledger.IsOnlyOf(Image, "blue")));
        Assert.True(ledger.IsGrantedToAnother(Image, "red"), "blue was granted it");
    }

    [Fact]
    public void IsOnlyOf_WhatWasThereBefore_IsNobodys()
    {
        var ledger = Open();
        ledger.Grant(Image, "red", "", wasAbsent: false);

        Assert.False(ledger.IsOnlyOf(Image, "red"), "red's pull did not bring it");
    }

    [Fact]
    public void ByLastUse_HasFirstWhatWasNotUsedForLongest()
    {
        var ledger = Open();
        ledger.Grant("sha256:1", "red", "", wasAbsent: true);
        _clock.Advance(TimeSpan.FromHours(2));
        ledger.Grant("sha256:2", "red", "", wasAbsent: true);
        Assert.Equal(["sha256:1", "sha256:2"], ledger.ByLastUse().Select(one => one.Image));

        _clock.Advance(TimeSpan.FromHours(2));
        ledger.Use("sha256:1");

        Assert.Equal(["sha256:2", "sha256:1"], ledger.ByLastUse().Select(one => one.Image));
    }

    private ImageLedger Open() => new(
        Options.Create(new WorkerOptions { DataFolder = _folder.Path }), _clock, NullLogger<ImageLedger>.Instance);
}
