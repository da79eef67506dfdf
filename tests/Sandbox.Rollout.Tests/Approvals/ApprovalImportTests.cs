using System.Collections.Immutable;
using Microsoft.Extensions.Time.Testing;
using Sandbox.Rollout.Approvals;
using Sandbox.Rollout.Audit;
using Sandbox.Rollout.Plans;
using Sandbox.Rollout.Runs;
using Sandbox.Rollout.Stores;
using Sandbox.Storage;
using Sandbox.Testing;

namespace Sandbox.Rollout.Tests.Approvals;

/// <summary>Consents from files, on their way into the store.</summary>
public sealed class ApprovalImportTests : IDisposable
{
    private static readonly DateTimeOffset Now = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private static readonly RolloutPlan Plan = new()
    {
        Checkpoints = ["cleanup-existing"],
        Targets = ImmutableSortedDictionary<string, string>.Empty.Add("head", "local"),
        Files = ImmutableSortedDictionary<string, string>.Empty.Add("03-cleanup-existing.yml", "digest"),
        Variables = ImmutableSortedDictionary<string, string>.Empty,
        Changes = [],
    };

    private readonly TempFolder _folder = new();
    private readonly IRolloutStore _store;

    public ApprovalImportTests() => _store = RolloutStores.Open(_folder.File("rollout.db"));

    public void Dispose()
    {
        _store.Dispose();
        _folder.Dispose();
    }

    [Fact]
    [Trait("Row", "19")]
    [Trait("Row", "20")]
    public async Task Consent_OfAFile_IsBoundToThePlanAndTakenOverOnce()
    {
        var (desk, file) = (Desk(), FileOf("bob", Now));

        Assert.Null(await desk.ImportAsync(file, Plan, "ann", default));
        var replayed = await desk.ImportAsync(file, Plan with { Changes = ["something else"] }, "ann", default);

        Assert.Equal("it was taken over before", replayed);
        var approved = (await desk.FindApprovedAsync(Plan.Hash, id: null, default))!;
        Assert.Equal((file.Id, "ann", "bob"), (approved.Id, approved.RequestedBy, Assert.Single(approved.Consents).By));
        Assert.Single(await _store.ApprovalsAsync(default));
        var entry = Assert.Single(await _store.AuditAsync(0, 100, default));
        Assert.Equal(("bob", "approval.imported"), (entry.Actor, entry.Action));
        Assert.Contains("planned", entry.Detail, StringComparison.Ordinal);
        Assert.Null(AuditChain.Verify([entry]));
    }

    [Theory]
    [InlineData("bob", -9, true, "it has expired")]
    [InlineData("bob", 1, true, "in the future")]
    [InlineData("bob", 0, false, "acknowledge_risks is not true")]
    [InlineData("ann", 0, true, "asks for the run and may not approve it")]
    public async Task Consent_OfAFileThatDoesNotCount_IsRefusedForThatAndLeavesNothing(
        string owner, int hours, bool acknowledges, string problem)
    {
        var file = FileOf(owner, Now.AddHours(hours)) with { AcknowledgesRisks = acknowledges };

        Assert.Contains(problem, await Desk().ImportAsync(file, Plan, "ann", default), StringComparison.Ordinal);
        Assert.Empty(await _store.ApprovalsAsync(default));
        Assert.Empty(await _store.AuditAsync(0, 100, default));
    }

    [Fact]
    public async Task Consent_OfAFileWhereTwoAreNeeded_IsOneOfThem()
    {
        var (desk, file) = (Desk(needed: 2), FileOf("bob", Now));

        Assert.Null(await desk.ImportAsync(file, Plan, "ann", default));

        Assert.Null(await desk.FindApprovedAsync(Plan.Hash, id: null, default));
        var second = await desk.ApproveAsync(file.Id, "cid", "planned", acknowledgesRisks: true, default);
        Assert.True(second.TryGet(out var approved, out _), "cid was to be the second");
        Assert.Equal(ApprovalState.Approved, approved.StateAt(Now));
    }

    private static ApprovalFile FileOf(string owner, DateTimeOffset at) =>
        new(Guid.NewGuid(), new Consent(owner, "planned", at), AcknowledgesRisks: true);

    private ApprovalDesk Desk(int needed = 1) =>
        new(_store, new ApprovalPolicy { Needed = needed }, new FakeTimeProvider(Now));
}
