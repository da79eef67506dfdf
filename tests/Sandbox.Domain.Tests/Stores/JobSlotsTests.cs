using Sandbox.Contracts.Jobs;
using Sandbox.Domain.Stores;

namespace Sandbox.Domain.Tests.Stores;

public sealed class JobSlotsTests
{
    private static readonly string[] Tenants = ["a", "b", "c"];

    [Theory]
    [InlineData(1, "1 0 0")]
    [InlineData(2, "2 0 0")]
    [InlineData(3, "3 0 0")]
    [InlineData(4, "3 1 0")]
    [InlineData(16, "12 3 1")]
    [InlineData(256, "192 48 12")]
    public void Tenants_OneAfterAnother_EachLeaveSomethingForTheNext(int slots, string expected)
    {
        var node = new JobSlots(slots);

        Assert.Equal(expected, string.Join(' ', Tenants.Select(tenant => Fill(node, JobClass.Start, tenant))));
    }

    [Fact]
    public void Classes_OfOneTenant_AreHeldApart()
    {
        var node = new JobSlots(16);

        Assert.Equal([12, 12, 12, 12], Enum.GetValues<JobClass>().Select(one => Fill(node, one, "a")));
    }

    [Fact]
    public void Open_NamesTheClassesWithFreeSlots_ButNotThatInWhichNoJobBegins()
    {
        var node = new JobSlots(1);
        Assert.Equal([JobClass.Stop, JobClass.Start, JobClass.Archive], node.Open);

        node.Take(JobClass.Start, "a");

        Assert.Equal([JobClass.Stop, JobClass.Archive], node.Open);
        Assert.Equal(2, node.Free);
    }

    [Fact]
    public void Exhausted_NamesWhoHoldsItsShare_UntilItGivesOneBack()
    {
        var node = new JobSlots(16);
        Fill(node, JobClass.Start, "a");
        node.Take(JobClass.Start, "b");
        node.Take(JobClass.Stop, "a");
        Assert.Equal([(JobClass.Start, "a")], node.Exhausted);

        node.Release(JobClass.Start, "b");
        node.Release(JobClass.Start, "a");

        Assert.Empty(node.Exhausted);
    }

    [Fact]
    public void Take_BeyondWhatThereIs_LeavesNothingFreeUntilAsManyAreGivenBack()
    {
        var node = new JobSlots(1);
        node.Take(JobClass.Stop, "a");
        node.Take(JobClass.Stop, "b");
        Assert.Equal(0, node.FreeOf(JobClass.Stop));

        node.Release(JobClass.Stop, "a");
        Assert.False(node.TryTake(JobClass.Stop, "c"), "one job too many has ended, and the other still runs");
        node.Release(JobClass.Stop, "b");

        Assert.True(node.TryTake(JobClass.Stop, "c"), "the one slot is free again");
    }

    [Fact]
    public void Release_OfASlotThatIsNotHeld_IsRefused() =>
        Assert.Throws<InvalidOperationException>(() => new JobSlots(16).Release(JobClass.Stop, "a"));

    [Fact]
    public void Copy_IsChangedAlone()
    {
        var node = new JobSlots(16);
        var copy = node.Copy();

        Fill(copy, JobClass.Stop, "a");

        Assert.Equal((16, 4), (node.FreeOf(JobClass.Stop), copy.FreeOf(JobClass.Stop)));
        Assert.True(node.IsOpenTo(JobClass.Stop, "a"), "what is taken of a copy is not taken of the node's slots");
    }

    /// <summary>As many as a tenant gets.</summary>
    private static int Fill(JobSlots slots, JobClass of, string tenant)
    {
        var taken = 0;
        while (slots.TryTake(of, tenant))
        {
            taken++;
        }

        return taken;
    }
}
